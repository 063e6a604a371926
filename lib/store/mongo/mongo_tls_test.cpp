// TLS to the server on the connections of the workers, which are the driver's TLS over streams of
// the loops: whom it trusts, and what else only a handshake shows. What the store does on such a
// connection is in mongo_peer_test.cpp, whose cases run with TLS and without.
#include <fstream>

#include <gtest/gtest.h>

#include "base/config.hpp"
#include "base/error.hpp"
#include "net/deadline.hpp"
#include "store/mongo/connection.hpp"
#include "store/mongo/mongo_store.hpp"
#include "testing/certificate.hpp"
#include "testing/mongo_peer.hpp"
#include "testing/run_on.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::testing {
namespace {

using namespace store;
using namespace std::chrono_literals;

constexpr char const* here = "IP:127.0.0.1";

/// One member, whose certificate the test may change once the store is open: the connections that
/// the store works on are made later.
class MongoTls : public ::testing::Test {
protected:
    MongoTls() {
        trust({identity_});
        loops_.start();
    }

    void trust(std::vector<Certificate> const& authorities) const {
        std::ofstream file(authority());
        for (auto const& one : authorities) file << one.chain;
    }
    void open(std::string const& options = "") {
        store_ = open_mongo({.url = Secret(url(options)),
                             .database = "db",
                             .schema = {{{.name = "log"}}},
                             .connections = 2});
    }
    std::string url(std::string const& options = "") const {
        return "mongodb://" + peer_.host() +
               "/?replicaSet=grover&tls=true&tlsCAFile=" + authority() + options;
    }
    /// 200, or the status of the failure.
    int get(std::chrono::milliseconds within = 10s) {
        return run_on(loops_.at(0), [&]() -> net::Task<int> {
            net::WithDeadline const until(std::chrono::steady_clock::now() + within);
            try {
                co_await store_->get("log", "1");
                co_return 200;
            } catch (Error const& error) {
                co_return error.status();
            }
        });
    }
    std::size_t finds() const { return peer_.commands("find").size(); }

    std::string authority() const { return folder_.path() / "authority.pem"; }
    boost::json::object answer(MongoPeer::Command const& command) const {
        if (command.name == "find")
            return {{"cursor",
                     {{"id", 0}, {"ns", "db.log"}, {"firstBatch", boost::json::array{found_}}}}};
        if (!command.is_hello()) return {{"n", 1}};
        auto out = MongoPeer::hello();
        out["setName"] = "grover";
        out["setVersion"] = 1;
        out["hosts"] = boost::json::array{boost::json::value(peer_.host())};
        out["me"] = peer_.host();
        return out;
    }

    TemporaryFolder folder_;
    Certificate identity_ = Certificate::make(3600, 1, here);
    boost::json::object found_{{"_id", "1"}, {"_v", 1}};
    net::Loops loops_{1};
    MongoPeer peer_{[this](MongoPeer::Command const& command) { return answer(command); },
                    identity_};
    std::unique_ptr<DocumentStore> store_;
};

TEST_F(MongoTls, LongMessagesGoThroughBothWays) {
    constexpr std::size_t size = 1 << 20;  // some records of TLS, which hold 16 KiB
    found_["text"] = std::string(size, 'a');
    open();
    Batch batch;
    batch.add(Insert{"log", {{"_id", "1"}, {"text", std::string(size, 'b')}}});
    run_on(loops_.at(0), [&]() -> net::Task<> {
        EXPECT_TRUE(co_await store_->commit(std::move(batch)));
        auto const found = co_await store_->get("log", "1");
        EXPECT_EQ(found->body.at("text").as_string(), std::string(size, 'a'));
    });
    auto const sent = peer_.commands("insert").at(0).body.at("documents").at(0);
    EXPECT_EQ(sent.at("text").as_string(), std::string(size, 'b'));
}

TEST_F(MongoTls, ACertificateOfAnotherAuthorityIsRefused) {
    open();
    peer_.show(Certificate::make(3600, 2, here));
    EXPECT_EQ(get(), 503);
    peer_.show(identity_);
    EXPECT_EQ(get(), 200);
    EXPECT_EQ(finds(), 1u);
}

TEST_F(MongoTls, ACertificateOfAnotherHostIsRefused) {
    auto const other = Certificate::make(3600, 2, "DNS:elsewhere.test,IP:127.0.0.2");
    trust({identity_, other});
    open();
    peer_.show(other);
    EXPECT_EQ(get(), 503);
    EXPECT_EQ(finds(), 0u);
}

TEST_F(MongoTls, ACertificateThatHasExpiredIsRefused) {
    auto const old = Certificate::make(-3600, 2, here);
    trust({identity_, old});
    open();
    peer_.show(old);
    EXPECT_EQ(get(), 503);
    EXPECT_EQ(finds(), 0u);
}

TEST_F(MongoTls, WhatTheUrlAllowsIsTaken) {
    auto const other = Certificate::make(3600, 2, "DNS:elsewhere.test");
    trust({identity_, other});
    peer_.show(other);
    open("&tlsAllowInvalidHostnames=true");
    peer_.show(Certificate::make(3600, 3, "DNS:elsewhere.test"));
    EXPECT_EQ(get(), 503);  // The host is not checked, but the authority is.
    peer_.show(other);
    EXPECT_EQ(get(), 200);
    peer_.show(Certificate::make(3600, 3, "DNS:elsewhere.test"));
    for (auto const* const option : {"&tlsAllowInvalidCertificates=true", "&tlsInsecure=true"}) {
        open(option);
        EXPECT_EQ(get(), 200) << option;
    }
}

TEST_F(MongoTls, AServerThatIsSilentInTheHandshakeHoldsUpNobodyOnTheLoop) {
    open();
    peer_.fall_silent();
    EXPECT_EQ(get(200ms), 504);  // The loop told of its deadline.
    EXPECT_EQ(finds(), 0u);
}

TEST_F(MongoTls, OnlyOptionsOfRevocationCostAThread) {
    auto const blocks = [&](std::string const& options) {
        mongo::Pool pool({.url = Secret(url(options)), .database = "db", .operation_time = 1s});
        mongo::Bson ping;
        mongo::append(ping.raw(), "ping", 1);
        mongo::Connection::Reply reply;
        mongo::Connection(pool).run(ping, reply);  // until there is a primary
        return pool.must_block();
    };
    EXPECT_FALSE(blocks(""));
    EXPECT_FALSE(blocks("&tlsAllowInvalidHostnames=true"));
    EXPECT_TRUE(blocks("&tlsDisableOCSPEndpointCheck=true"));
    EXPECT_TRUE(blocks("&tlsDisableCertificateRevocationCheck=true"));
    open("&tlsDisableOCSPEndpointCheck=true");
    EXPECT_EQ(get(), 200);
}

TEST_F(MongoTls, AFileThatIsNoCertificateIsNamedAtStart) {
    trust({});
    try {
        open();
        FAIL() << "was taken";
    } catch (ConfigError const& refused) {
        std::string_view const line = refused.what();
        EXPECT_TRUE(line.starts_with("MONGO_URL") && line.contains("tlsCAFile")) << line;
    }
}

}  // namespace
}  // namespace grover::testing
