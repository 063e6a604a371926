#include "base/clock.hpp"

#include <concepts>

namespace grover {
namespace {

using namespace std::chrono;

/// Reads exactly `count` digits at `at`; -1 when they are not there.
int digits(std::string_view text, std::size_t at, std::size_t count) {
    if (at + count > text.size()) return -1;
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/// Writes `value`, of at most `count` digits, over the zeros at `at`.
void put(std::string& text, std::size_t at, std::size_t count, std::integral auto value) {
    for (auto i = at + count; i-- > at && value > 0; value /= 10)
        text[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

Timestamp system_now() {
    return {duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
}

// By hand: a page of posts shows dozens of times.
std::string Timestamp::to_string() const {
    auto const point = sys_time<milliseconds>(milliseconds(ms));
    auto const day = floor<days>(point);
    year_month_day const date(day);
    hh_mm_ss const time(point - day);
    std::string out = "0000-00-00T00:00:00.000Z";
    put(out, 0, 4, static_cast<int>(date.year()));
    put(out, 5, 2, static_cast<unsigned>(date.month()));
    put(out, 8, 2, static_cast<unsigned>(date.day()));
    put(out, 11, 2, time.hours().count());
    put(out, 14, 2, time.minutes().count());
    put(out, 17, 2, time.seconds().count());
    put(out, 20, 3, time.subseconds().count());
    return out;
}

// RFC 3339 section 5.6; "T" and "Z" in either case, a space for "T" is refused.
std::optional<Timestamp> Timestamp::parse(std::string_view text) {
    int const year_number = digits(text, 0, 4), month_number = digits(text, 5, 2);
    int const day_number = digits(text, 8, 2), hour = digits(text, 11, 2);
    int const minute = digits(text, 14, 2), second = digits(text, 17, 2);
    if (year_number < 1 || month_number < 1 || day_number < 1 || hour < 0 || minute < 0 ||
        second < 0)
        return {};
    if (text[4] != '-' || text[7] != '-' || (text[10] | 0x20) != 't' || text[13] != ':' ||
        text[16] != ':')
        return {};
    if (hour > 23 || minute > 59 || second > 60) return {};
    year_month_day const date{year(year_number), month(static_cast<unsigned>(month_number)),
                              day(static_cast<unsigned>(day_number))};
    if (!date.ok()) return {};

    std::size_t at = 19;
    std::int64_t fraction_ms = 0;
    if (at < text.size() && text[at] == '.') {
        std::size_t const first = ++at;
        for (int scale = 100; at < text.size() && text[at] >= '0' && text[at] <= '9';
             ++at, scale /= 10)
            fraction_ms += (text[at] - '0') * scale;
        if (at == first) return {};
    }
    if (at >= text.size()) return {};
    std::int64_t offset_minutes = 0;
    if ((text[at] | 0x20) == 'z') {
        if (at + 1 != text.size()) return {};
    } else {
        int const offset_hour = digits(text, at + 1, 2), offset_minute = digits(text, at + 4, 2);
        if ((text[at] != '+' && text[at] != '-') || at + 6 != text.size() || text[at + 3] != ':')
            return {};
        if (offset_hour < 0 || offset_hour > 23 || offset_minute < 0 || offset_minute > 59)
            return {};
        offset_minutes = (text[at] == '+' ? 1 : -1) * (offset_hour * 60 + offset_minute);
    }
    auto const seconds_of_day = hours(hour) + minutes(minute) + seconds(second);
    auto const point = sys_days(date) + seconds_of_day - minutes(offset_minutes);
    return Timestamp{duration_cast<milliseconds>(point.time_since_epoch()).count() + fraction_ms};
}

}  // namespace grover
