#include "base/id.hpp"

#include <array>
#include <cstdint>
#include <mutex>

#include "base/random.hpp"

namespace grover {
namespace {

constexpr std::string_view letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t ulid_size = 26;

}  // namespace

std::string make_ulid(Timestamp now) {
    static std::mutex mutex;
    static std::uint64_t last_ms = 0, high = 0,
                         low = 0;  // high: the 16 upper random bits, low: the 64 lower ones

    std::uint64_t time = 0, random_high = 0, random_low = 0;
    {
        std::lock_guard const lock(mutex);
        auto const wanted = static_cast<std::uint64_t>(now.ms);
        if (wanted > last_ms) {
            last_ms = wanted;
            high = random_u64() & 0x7fff;  // The top bit stays free, so that counting up has room.
            low = random_u64();
        } else {
            // The same millisecond, or a clock that went back: count on, so that order is kept.
            auto const step = (random_u64() & 0xffffffff) + 1;
            low += step;
            if (low < step && (high = (high + 1) & 0xffff) == 0) ++last_ms;
        }
        time = last_ms;
        random_high = high;
        random_low = low;
    }

    return print_ulid({time << 16 | random_high, random_low});
}

std::string print_ulid(Ulid const& ulid) {
    auto [high, low] = ulid;
    std::string out(ulid_size, '0');
    for (std::size_t i = ulid_size; i-- > 0;) {
        out[i] = letters[low & 31];
        low = low >> 5 | (high & 31) << 59;
        high >>= 5;
    }
    return out;
}

std::optional<Ulid> parse_ulid(std::string_view text) noexcept {
    if (text.size() != ulid_size || text[0] > '7') return {};  // 26 times 5 bits are two too many
    Ulid out{};
    auto& [high, low] = out;
    for (char const c : text) {
        auto const value = letters.find(c);
        if (value == std::string_view::npos) return {};
        high = high << 5 | low >> 59;
        low = low << 5 | value;
    }
    return out;
}

bool is_valid_id(std::string_view text) noexcept {
    if (text.empty() || text.size() > 64) return false;
    for (char c : text) {
        bool const ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (!ok) return false;
    }
    return true;
}

}  // namespace grover
