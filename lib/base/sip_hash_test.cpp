#include "base/sip_hash.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace grover {
namespace {

// The key and the inputs of the paper's appendix, with one and three rounds.
TEST(SipHash, GivesTheReferenceValues) {
    SipHash const hash(0x0706050403020100, 0x0f0e0d0c0b0a0908);
    std::string bytes;
    for (char c = 0; c < 16; ++c) bytes += c;
    for (auto const [size, value] : {std::pair<std::size_t, std::uint64_t>{0, 0xabac0158050fc4dc},
                                     {1, 0xc9f49bf37d57ca93},
                                     {7, 0xd3927d989bb11140},
                                     {8, 0x369095118d299a8e},
                                     {15, 0xd320d86d2a519956},
                                     {16, 0xcc4fdd1a7d908b66}})
        EXPECT_EQ(hash(std::string_view(bytes).substr(0, size)), value) << size;
}

TEST(SipHash, DependsOnTheKeyAndTheLength) {
    EXPECT_NE(SipHash(0, 1)("a"), SipHash(0, 0)("a"));
    EXPECT_NE(SipHash(0, 0)(std::string(1, '\0')), SipHash(0, 0)(std::string(2, '\0')));
    EXPECT_NE(SipHash::with_random_key()("a"), SipHash::with_random_key()("a"));
}

}  // namespace
}  // namespace grover
