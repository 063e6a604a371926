// What the person at the terminal sees: a bar that moves on a terminal, plain lines elsewhere; one
// line with the rate for every part that is done.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace grover::load {

/// One part of the run: "follows", 37,624 of them. Not thread-safe.
class Progress {
public:
    Progress(std::string name, std::size_t total);
    Progress(Progress const&) = delete;
    Progress& operator=(Progress const&) = delete;

    /// One more is done; it took that long.
    void step(std::chrono::steady_clock::duration took);
    /// Prints the closing line: number, seconds, rate, median and 99th percentile.
    void finish();
    /// A line of its own that does not tear the bar.
    void note(std::string const& text);

private:
    void draw(std::chrono::steady_clock::time_point now);

    std::string name_;
    std::size_t total_;
    std::size_t done_ = 0;
    bool terminal_;
    std::chrono::steady_clock::time_point started_;
    std::chrono::steady_clock::time_point drawn_;
    std::vector<float> took_ms_;
};

/// 37624 as "37,624".
std::string with_commas(std::size_t number);

}  // namespace grover::load
