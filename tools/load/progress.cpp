#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace grover::load {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto redraw_every = std::chrono::milliseconds(100);
constexpr auto line_every = std::chrono::seconds(10);  // where there is no terminal
constexpr std::size_t bar_width = 30;

double seconds_between(Clock::time_point from, Clock::time_point to) {
    return std::max(std::chrono::duration<double>(to - from).count(), 1e-3);
}

float percentile(std::vector<float>& values, double share) {
    if (values.empty()) return 0;
    auto const at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + at, values.end());
    return values[static_cast<std::size_t>(at)];
}

}  // namespace

std::string with_commas(std::size_t number) {
    auto text = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
        text.insert(static_cast<std::size_t>(at), ",");
    return text;
}

Progress::Progress(std::string name, std::size_t total)
    : name_(std::move(name)),
      total_(total),
      terminal_(::isatty(STDOUT_FILENO) == 1),
      started_(Clock::now()),
      drawn_(started_) {
    took_ms_.reserve(total);
}

void Progress::step(Clock::duration took) {
    ++done_;
    took_ms_.push_back(std::chrono::duration<float, std::milli>(took).count());
    auto const now = Clock::now();
    if (now - drawn_ < (terminal_ ? Clock::duration(redraw_every) : Clock::duration(line_every)))
        return;
    drawn_ = now;
    draw(now);
}

void Progress::draw(Clock::time_point now) {
    auto const rate = static_cast<double>(done_) / seconds_between(started_, now);
    if (!terminal_) {
        fmt::print("  {:<10} {:>8} of {}, {:.0f}/s\n", name_, with_commas(done_),
                   with_commas(total_), rate);
    } else {
        auto const filled = total_ == 0 ? bar_width : done_ * bar_width / total_;
        fmt::print("\r  {:<10} [{:<{}}] {:>8} of {}, {:.0f}/s\x1b[K", name_,
                   std::string(filled, '#'), bar_width, with_commas(done_), with_commas(total_),
                   rate);
    }
    std::fflush(stdout);
}

void Progress::finish() {
    auto const seconds = seconds_between(started_, Clock::now());
    fmt::print("{}  {:<10} {:>8} in {:>7.2f} s {:>8.0f}/s   median {:.1f} ms, 99% {:.1f} ms\n",
               terminal_ ? "\r\x1b[K" : "", name_, with_commas(done_), seconds,
               static_cast<double>(done_) / seconds, percentile(took_ms_, 0.5),
               percentile(took_ms_, 0.99));
    std::fflush(stdout);
}

void Progress::note(std::string const& text) {
    fmt::print("{}  {}\n", terminal_ ? "\r\x1b[K" : "", text);
    std::fflush(stdout);
}

}  // namespace grover::load
