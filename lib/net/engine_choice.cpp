#include "net/engine_choice.hpp"

#include <atomic>

#include "base/config.hpp"
#include "net/engines/ring.hpp"

namespace grover::net {
namespace {

std::atomic<EngineKind> in_use = EngineKind::epoll;

}  // namespace

std::string_view name_of(EngineKind kind) noexcept {
    return kind == EngineKind::epoll ? "epoll" : "io_uring";
}

EngineChoice choose_engine(std::string_view wanted) {
    if (wanted == "epoll") return {};
    if (wanted != "io_uring" && wanted != "auto")
        throw ConfigError("NET_ENGINE is epoll, io_uring or auto");
    auto obstacle = uring_obstacle();
    if (obstacle.empty()) return {.kind = EngineKind::io_uring, .obstacle = {}};
    if (wanted == "io_uring") throw ConfigError("NET_ENGINE=io_uring cannot be had: " + obstacle);
    return {.kind = EngineKind::epoll, .obstacle = std::move(obstacle)};
}

void use_engine(EngineKind kind) noexcept {
    in_use = kind;
}
EngineKind engine_in_use() noexcept {
    return in_use;
}

}  // namespace grover::net
