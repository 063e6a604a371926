// Puts a changed configuration in force while requests run: on SIGHUP, and when the file has
// changed and is the same at two looks, a second apart: until then somebody may be writing it. A
// file that is not good is said in the log and nothing changes.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "gateway/config/load.hpp"
#include "gateway/snapshot.hpp"
#include "service/kit.hpp"

namespace grover::gateway {

/// Thread-safe. What the environment said at the start goes on overriding the file.
class Reloader {
public:
    /// Puts a snapshot in force, on the thread that found it.
    using Use = std::function<void(std::shared_ptr<Snapshot const>)>;

    /// `source` is in force already, as version 1.
    Reloader(service::Kit& kit, Source source, Overrides overrides, Use use);

    struct State {
        std::uint64_t version;
        std::string file;
        Timestamp since;
    };
    /// What is in force.
    State state();
    /// Reads the file now. Returns why it was refused; empty when it is in force.
    std::string reload();

private:
    /// What changes when somebody writes or replaces a file.
    struct Stamp {
        ino_t inode = 0;
        off_t size = 0;
        std::int64_t changed_ns = 0;
        bool operator==(Stamp const&) const = default;
    };
    static Stamp stamp_of(std::string const& file);
    bool changed();

    service::Kit& kit_;
    Overrides overrides_;
    Use use_;
    std::mutex mutex_;  // for what follows
    Source source_;     // in force
    Stamp seen_;        // when it was read last
    Stamp last_;        // at the last look
    std::uint64_t version_ = 1;
    Timestamp since_;
    telemetry::Counter& accepted_;
    telemetry::Counter& refused_;
};

}  // namespace grover::gateway
