// A server that answers with bytes as they are written in the test: for clients that must survive
// broken, slow and lying ones.
//
//     testing::ScriptServer server({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"});
//     client.send({.origin = server.origin()}, deadline);
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace grover::testing {

/// Takes one connection after the other on 127.0.0.1: reads a request's head, sends the script of
/// that connection and closes. Requests have no body.
class ScriptServer {
public:
    /// At the end of a script: keeps the connection open until the other side closes.
    static constexpr std::string_view hang_mark = "<hang>";
    /// At the end of a script: reads one more head before it closes.
    static constexpr std::string_view next_request_mark = "<next request>";
    static inline std::string const hang{hang_mark};
    static inline std::string const next_request{next_request_mark};

    explicit ScriptServer(std::vector<std::string> scripts);
    ~ScriptServer();
    ScriptServer(ScriptServer const&) = delete;
    ScriptServer& operator=(ScriptServer const&) = delete;

    /// "http://127.0.0.1:PORT".
    std::string origin() const;
    /// Accepted so far.
    std::size_t connections() const noexcept { return connections_; }

private:
    void serve();
    void play(int socket, std::string_view script);

    std::vector<std::string> scripts_;
    int listener_ = -1;
    std::atomic<int> playing_ = -1;
    std::atomic<std::size_t> connections_ = 0;
    std::thread thread_;
};

}  // namespace grover::testing
