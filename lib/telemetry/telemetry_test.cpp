#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"
#include "testing/captured_log.hpp"

namespace grover::telemetry {
namespace {

TEST(Log, EveryLineIsOneJsonObjectWhateverTheFieldsHold) {
    testing::CapturedLog captured;
    {
        Log log("test-service", Level::info, captured.fd());
        log.info("plain", {{"text", "a\"b\\\n\x01"}, {"number", 7}, {"real", 0.5}, {"flag", true}});
        log.info("hostile", {{"bytes", "\xff\xfe"}, {"injected", "x\"}\n{\"level\":\"error\""}});
    }
    auto const lines = captured.lines();
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0].at("service"), "test-service");
    EXPECT_EQ(lines[0].at("text"), "a\"b\\\n\x01");
    EXPECT_EQ(lines[0].at("number"), 7);
    EXPECT_EQ(lines[0].at("flag"), true);
    EXPECT_EQ(lines[1].at("bytes"), "%FF%FE");
    EXPECT_EQ(lines[1].at("level"), "info");
}

TEST(Log, TheLevelChangesAtRunTime) {
    testing::CapturedLog captured;
    {
        Log log("s", Level::warn, captured.fd());
        log.info("unheard");
        log.set_level(Level::debug);
        log.debug("heard");
        log.set_level(Level::off);
        log.error("unheard");
    }
    auto const lines = captured.lines();
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].at("message"), "heard");
}

TEST(Log, ErrorsLeaveAtOnce) {
    testing::CapturedLog captured;
    Log log("s", Level::info, captured.fd());
    log.info("waits");
    // A service that refuses under load warns in every line: a write for each would add to the
    // load.
    log.warn("waits too");
    EXPECT_EQ(captured.waiting(), 0);
    log.error("pushes");
    EXPECT_EQ(captured.lines().size(), 3u);
    log.set_level(Level::off);
}

TEST(Metrics, PrintsPrometheusText) {
    Metrics metrics;
    metrics.counter("b_total", "Counts", {{"kind", "a\"b\\c\nd"}}).add(3);
    metrics.gauge("a_gauge", "Reads", [] { return 1.5; });
    metrics.counter("b_total", "Counts", [] { return 7.0; }, {{"kind", "elsewhere"}});
    auto& histogram = metrics.histogram("c_seconds", "Times", {{"route", "/x"}});
    histogram.observe(0.002);
    histogram.observe(60);
    auto const text = metrics.print();
    EXPECT_LT(text.find("a_gauge 1.5\n"), text.find("# TYPE b_total counter\n"));
    EXPECT_NE(text.find("b_total{kind=\"elsewhere\"} 7\n"), std::string::npos) << text;
    EXPECT_NE(text.find("b_total{kind=\"a\\\"b\\\\c\\nd\"} 3\n"), std::string::npos) << text;
    EXPECT_NE(text.find("c_seconds_bucket{route=\"/x\",le=\"0.001\"} 0\n"), std::string::npos);
    EXPECT_NE(text.find("c_seconds_bucket{route=\"/x\",le=\"0.0025\"} 1\n"), std::string::npos);
    EXPECT_NE(text.find("c_seconds_bucket{route=\"/x\",le=\"+Inf\"} 2\n"), std::string::npos);
    EXPECT_NE(text.find("c_seconds_count{route=\"/x\"} 2\n"), std::string::npos);
}

TEST(Metrics, TheSameSeriesIsFoundAgainAndATypeIsForLife) {
    Metrics metrics;
    auto& first = metrics.counter("x_total", "X");
    EXPECT_EQ(&metrics.counter("x_total", "X"), &first);
    EXPECT_NE(&metrics.counter("x_total", "X", {{"a", "b"}}), &first);
    EXPECT_THROW(metrics.histogram("x_total", "X"), std::logic_error);
}

}  // namespace
}  // namespace grover::telemetry
