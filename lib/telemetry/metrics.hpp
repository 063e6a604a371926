// Counters, gauges and histograms in Prometheus text format
// (prometheus.io/docs/instrumenting/exposition_formats).
//
//     auto& hits = metrics.counter("grover_session_cache_hits_total", "Sessions found in the
//     cache"); hits.add();
//
// A metric is found once (a lock), kept by reference, and then counted with relaxed atomics from
// any thread. Names and label values come from code, never from input: the number of series is
// bounded.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grover::telemetry {

class Counter {
public:
    void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
    std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// Durations in seconds, in the buckets of OpenTelemetry's http.server.request.duration.
class Histogram {
public:
    static constexpr std::array<double, 14> bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075,
                                                   0.1,   0.25,   0.5,   1,    2.5,   5,    10};
    void observe(double seconds) noexcept;
    void print(std::string& out, std::string_view name, std::string_view labels) const;

private:
    std::array<std::atomic<std::uint64_t>, bounds.size() + 1> counts_{};
    std::atomic<std::uint64_t> sum_ns_{0};
};

using Labels = std::vector<std::pair<std::string, std::string>>;

class Metrics {
public:
    Counter& counter(std::string const& name, std::string const& help, Labels const& labels = {});
    Histogram& histogram(std::string const& name, std::string const& help,
                         Labels const& labels = {});
    /// Read when scraped, on the scraping thread.
    void gauge(std::string const& name, std::string const& help, std::function<double()> read,
               Labels const& labels = {});
    /// The same for what is counted elsewhere, and never becomes less.
    void counter(std::string const& name, std::string const& help, std::function<double()> read,
                 Labels const& labels = {});

    /// All metrics as text, families in the order of their names.
    std::string print() const;

private:
    struct Series {
        std::unique_ptr<Counter> counter;
        std::unique_ptr<Histogram> histogram;
        std::function<double()> read;
    };
    struct Family {
        std::string help;
        std::string_view type;
        std::map<std::string, Series> series;  // by printed labels
    };
    Series& series(std::string const& name, std::string const& help, std::string_view type,
                   Labels const& labels);

    mutable std::mutex mutex_;
    std::map<std::string, Family> families_;
};

}  // namespace grover::telemetry
