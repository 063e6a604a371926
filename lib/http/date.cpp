#include "http/date.hpp"

#include <array>
#include <chrono>

#include <fmt/format.h>

#include "http/characters.hpp"
#include "http/message.hpp"

namespace grover::http {
namespace {

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/// Takes a date apart from its start; what does not fit makes `failed` true, for good.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    bool failed = false;

    bool at_end() const noexcept { return rest_.empty(); }
    void literal(std::string_view expected) noexcept {
        if (!same_token(rest_.substr(0, expected.size()), expected)) failed = true;
        if (!failed) rest_.remove_prefix(expected.size());
    }
    bool skip(char c) noexcept {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    /// A run of letters.
    std::string_view word() noexcept {
        std::size_t size = 0;
        while (size < rest_.size() && (rest_[size] | 0x20) >= 'a' && (rest_[size] | 0x20) <= 'z')
            ++size;
        auto const found = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return found;
    }
    /// Exactly `digits` digits.
    int number(std::size_t digits) noexcept {
        int value = 0;
        for (std::size_t i = 0; i < digits && !failed; ++i) {
            if (rest_.empty() || !is_digit(rest_.front())) {
                failed = true;
                break;
            }
            value = value * 10 + (rest_.front() - '0');
            rest_.remove_prefix(1);
        }
        return value;
    }
    int month() noexcept {
        auto const name = rest_.substr(0, 3);
        for (std::size_t i = 0; i < months.size(); ++i)
            if (same_token(name, months[i])) {
                rest_.remove_prefix(3);
                return static_cast<int>(i) + 1;
            }
        failed = true;
        return 1;
    }
    int seconds_of_day() noexcept {
        int const hour = number(2);
        literal(":");
        int const minute = number(2);
        literal(":");
        int const second = number(2);
        if (hour > 23 || minute > 59 || second > 60) failed = true;
        return hour * 3600 + minute * 60 + second;
    }

private:
    std::string_view rest_;
};

std::optional<std::int64_t> make(int year, int month, int day, int seconds) noexcept {
    std::chrono::year_month_day const date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) return {};
    return std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86'400} + seconds;
}

/// "Nov  6 08:49:37 1994", behind the day of the week.
std::optional<std::int64_t> parse_asctime(Scanner scanner) noexcept {
    int const month = scanner.month();
    scanner.literal(" ");
    int const day = scanner.skip(' ') ? scanner.number(1) : scanner.number(2);
    scanner.literal(" ");
    int const seconds = scanner.seconds_of_day();
    scanner.literal(" ");
    int const year = scanner.number(4);
    if (scanner.failed || !scanner.at_end()) return {};
    return make(year, month, day, seconds);
}

}  // namespace

std::optional<std::int64_t> parse_date(std::string_view text) noexcept {
    Scanner scanner(text);
    if (scanner.word().size() < 3) return {};
    if (!scanner.skip(',')) {
        scanner.literal(" ");
        return scanner.failed ? std::nullopt : parse_asctime(scanner);
    }
    scanner.literal(" ");
    int const day = scanner.number(2);
    bool const obsolete = scanner.skip('-');
    if (!obsolete) scanner.literal(" ");
    int const month = scanner.month();
    scanner.literal(obsolete ? "-" : " ");
    int const year = obsolete ? 2000 + scanner.number(2) : scanner.number(4);
    scanner.literal(" ");
    int const seconds = scanner.seconds_of_day();
    scanner.literal(" GMT");
    if (scanner.failed || !scanner.at_end()) return {};
    // 51 to 99 were the last century's.
    return make(obsolete && year > 2050 ? year - 100 : year, month, day, seconds);
}

std::string format_date(std::int64_t seconds) {
    using namespace std::chrono;
    sys_seconds const time{std::chrono::seconds(seconds)};
    auto const day = floor<std::chrono::days>(time);
    year_month_day const date(day);
    hh_mm_ss const clock(time - day);
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[weekday(day).c_encoding()],
                       static_cast<unsigned>(date.day()),
                       months[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count());
}

}  // namespace grover::http
