// A MongoDB server that answers as a test wants it, over the wire protocol (OP_MSG, and the
// OP_QUERY of a first handshake: mongodb.com/docs/manual/reference/mongodb-wire-protocol).
//
//     testing::MongoPeer peer([](auto const& command) -> json::object {
//         return command.is_hello() ? testing::MongoPeer::hello() : json::object{{"n", 1}};
//     });
//     open_mongo({.url = Secret("mongodb://" + peer.host())});
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <openssl/ssl.h>
#include <boost/json.hpp>

#include "testing/certificate.hpp"

namespace grover::testing {

class MongoPeer {
public:
    /// In relaxed extended JSON.
    struct Command {
        std::string name;
        boost::json::object body;

        bool is_hello() const {
            return name == "hello" || name == "isMaster" || name == "ismaster";
        }
    };
    /// The reply to a command, to which {"ok": 1} is added. Called on threads of the peer. A member
    /// {"$timestamp": {"t": 1, "i": 1}} becomes one.
    using Answer = std::function<boost::json::object(Command const&)>;

    explicit MongoPeer(Answer answer);
    /// One that speaks TLS.
    MongoPeer(Answer answer, Certificate const& identity);
    ~MongoPeer();
    MongoPeer(MongoPeer const&) = delete;
    MongoPeer& operator=(MongoPeer const&) = delete;

    /// "127.0.0.1:PORT".
    std::string const& host() const noexcept { return host_; }
    /// Of the connections to come, of a peer that speaks TLS.
    void show(Certificate const& identity);
    /// The connections to come are taken, and that is all.
    void fall_silent() { silent_ = true; }

    /// Those of that name so far, in order.
    std::vector<Command> commands(std::string_view name) const;

    enum class Role { primary, secondary };
    /// Of a server of version 6.0 that is no member of a replica set.
    static boost::json::object hello(Role role = Role::primary);

private:
    class Wire;

    void accept();
    void serve(int socket);
    bool wait(int socket) const;
    bool read(Wire& wire, char* to, std::size_t size) const;
    std::string answer_to(std::string_view head, std::string_view body);
    boost::json::object reply_to(boost::json::object body);

    Answer answer_;
    int listener_ = -1;
    std::string host_;
    std::atomic<bool> ending_ = false;
    std::atomic<bool> silent_ = false;
    mutable std::mutex mutex_;
    std::vector<Command> commands_;
    std::shared_ptr<SSL_CTX> tls_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

}  // namespace grover::testing
