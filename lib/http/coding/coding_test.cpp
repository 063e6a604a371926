#include "http/coding/coding.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

namespace grover::http {
namespace {

std::string gunzip(std::string_view bytes) {
    z_stream stream{};
    EXPECT_EQ(::inflateInit2(&stream, 16 + 15), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    std::string out;
    std::array<char, 4096> block;
    int state = Z_OK;
    while (state == Z_OK) {
        stream.next_out = reinterpret_cast<Bytef*>(block.data());
        stream.avail_out = static_cast<uInt>(block.size());
        state = ::inflate(&stream, Z_NO_FLUSH);
        out.append(block.data(), block.size() - stream.avail_out);
        if (state == Z_BUF_ERROR || (state == Z_OK && stream.avail_in == 0)) break;
    }
    ::inflateEnd(&stream);
    return out;
}

std::string unbrotli(std::string_view bytes) {
    auto* const state = ::BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
    auto left = bytes.size();
    auto const* in = reinterpret_cast<std::uint8_t const*>(bytes.data());
    std::string out;
    std::array<std::uint8_t, 4096> block;
    auto result = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
        auto room = block.size();
        auto* to = block.data();
        result = ::BrotliDecoderDecompressStream(state, &left, &in, &room, &to, nullptr);
        out.append(reinterpret_cast<char const*>(block.data()), block.size() - room);
    }
    EXPECT_NE(result, BROTLI_DECODER_RESULT_ERROR);
    ::BrotliDecoderDestroyInstance(state);
    return out;
}

std::string unzstd(std::string_view bytes) {
    auto* const context = ::ZSTD_createDCtx();
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    std::string out;
    std::array<char, 4096> block;
    for (;;) {
        ZSTD_outBuffer to{block.data(), block.size(), 0};
        auto const state = ::ZSTD_decompressStream(context, &to, &in);
        EXPECT_FALSE(::ZSTD_isError(state));
        out.append(block.data(), to.pos);
        if (::ZSTD_isError(state) || (in.pos == in.size && to.pos < to.size)) break;
    }
    ::ZSTD_freeDCtx(context);
    return out;
}

std::string decode(Coding coding, std::string_view bytes) {
    if (coding == Coding::gzip) return gunzip(bytes);
    if (coding == Coding::br) return unbrotli(bytes);
    return unzstd(bytes);
}

std::string text_of(std::size_t bytes) {
    std::string out;
    for (int i = 0; out.size() < bytes; ++i)
        out += R"({"post_id":"post_)" + std::to_string(i * 7919) + R"(","likes_count":0},)";
    out.resize(bytes);
    return out;
}

std::string noise_of(std::size_t bytes) {
    std::mt19937 random(7);
    std::string out(bytes, '\0');
    for (auto& c : out) c = static_cast<char>(random());
    return out;
}

class Codings : public ::testing::TestWithParam<Coding> {};
INSTANTIATE_TEST_SUITE_P(All, Codings, ::testing::Values(Coding::gzip, Coding::br, Coding::zstd),
                         [](auto const& coding) { return std::string(name_of(coding.param)); });

TEST_P(Codings, GiveBackWhatWentIn) {
    for (auto const& content :
         {std::string(), std::string("x"), text_of(100'000), noise_of(70'000)})
        for (auto const effort : {Effort::stream, Effort::stored})
            EXPECT_EQ(decode(GetParam(), encode(GetParam(), effort, content)), content);
}

TEST_P(Codings, ShrinkText) {
    auto const content = text_of(100'000);
    EXPECT_LT(encode(GetParam(), Effort::stream, content).size(), content.size() / 4);
}

TEST_P(Codings, DoNotGrowNoiseByMoreThanAFewBytes) {
    auto const content = noise_of(100'000);
    EXPECT_LT(encode(GetParam(), Effort::stream, content).size(), content.size() + 256);
}

TEST_P(Codings, TakePiecesOfAnySize) {
    auto const content = text_of(50'000);
    for (std::size_t const size : {1u, 7u, 16'384u, 40'000u}) {
        auto const encoder = make_encoder(GetParam(), Effort::stream);
        std::string out;
        for (std::size_t at = 0; at < content.size(); at += size)
            encoder->write(std::string_view(content).substr(at, size), out);
        encoder->write({}, out);
        encoder->finish(out);
        EXPECT_EQ(decode(GetParam(), out), content) << size;
    }
}

TEST_P(Codings, AFlushMakesAllBeforeItReadable) {
    auto const encoder = make_encoder(GetParam(), Effort::stream);
    std::string out;
    encoder->write("the first line\n", out);
    encoder->flush(out);
    EXPECT_EQ(decode(GetParam(), out), "the first line\n");
    encoder->write("the second line\n", out);
    encoder->finish(out);
    EXPECT_EQ(decode(GetParam(), out), "the first line\nthe second line\n");
}

TEST_P(Codings, AppendToWhatIsThere) {
    std::string out = "head";
    auto const encoder = make_encoder(GetParam(), Effort::stream);
    encoder->write("body", out);
    encoder->finish(out);
    ASSERT_TRUE(out.starts_with("head"));
    EXPECT_EQ(decode(GetParam(), std::string_view(out).substr(4)), "body");
}

TEST(Coding, IdentityHasNoEncoder) {
    EXPECT_EQ(make_encoder(Coding::identity, Effort::stream), nullptr);
    EXPECT_EQ(encode(Coding::identity, Effort::stored, "abc"), "abc");
}

}  // namespace
}  // namespace grover::http
