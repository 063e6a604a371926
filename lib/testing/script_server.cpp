#include "testing/script_server.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace grover::testing {
namespace {

/// False when the other side closed first.
bool read_head(int socket) {
    std::string head;
    std::array<char, 4096> block{};
    while (head.find("\r\n\r\n") == std::string::npos) {
        auto const got = ::recv(socket, block.data(), block.size(), 0);
        if (got <= 0) return false;
        head.append(block.data(), static_cast<std::size_t>(got));
    }
    return true;
}

}  // namespace

ScriptServer::ScriptServer(std::vector<std::string> scripts) : scripts_(std::move(scripts)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener_, reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 16) != 0)
        throw std::system_error(errno, std::generic_category(), "listen");
    thread_ = std::thread([this] { serve(); });
}

ScriptServer::~ScriptServer() {
    ::shutdown(listener_, SHUT_RDWR);
    ::shutdown(playing_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
}

std::string ScriptServer::origin() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    return "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

void ScriptServer::serve() {
    for (auto const& script : scripts_) {
        int const socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        playing_ = socket;
        ++connections_;
        play(socket, script);
        playing_ = -1;
        ::close(socket);
    }
}

void ScriptServer::play(int socket, std::string_view script) {
    if (!read_head(socket)) return;
    bool const hangs = script.ends_with(hang_mark);
    bool const reads_on = script.ends_with(next_request_mark);
    if (hangs) script.remove_suffix(hang_mark.size());
    if (reads_on) script.remove_suffix(next_request_mark.size());
    ::send(socket, script.data(), script.size(), MSG_NOSIGNAL);
    if (hangs || reads_on) read_head(socket);
}

}  // namespace grover::testing
