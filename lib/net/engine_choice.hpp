// Which engine the loops of this process have: chosen once, at its start.
//
//     net::use_engine(net::choose_engine("auto").kind);     // before the first Loop
#pragma once

#include <string>
#include <string_view>

namespace grover::net {

enum class EngineKind { epoll, io_uring };

std::string_view name_of(EngineKind kind) noexcept;

struct EngineChoice {
    EngineKind kind = EngineKind::epoll;
    std::string obstacle;  // why "auto" has not found io_uring; else empty
};

/// `wanted` is "epoll", "io_uring" or "auto": io_uring where the kernel has what the engine needs
/// and allows it (containers often do not), else epoll. Throws ConfigError when io_uring is asked
/// for by name and cannot be had.
EngineChoice choose_engine(std::string_view wanted);

/// Of the loops that are made from now on; until it is called, epoll.
void use_engine(EngineKind kind) noexcept;
EngineKind engine_in_use() noexcept;

}  // namespace grover::net
