#include "http/coding/coding.hpp"

#include <array>
#include <new>
#include <stdexcept>

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

namespace grover::http {
namespace {

// What is appended at a time.
constexpr std::size_t block_bytes = 16 << 10;

/// Room for a block at the end of a string, and back to what was used of it.
class Block {
public:
    explicit Block(std::string& out) : out_(out), begin_(out.size()) {
        out_.resize_and_overwrite(begin_ + block_bytes, [](char*, std::size_t n) { return n; });
    }
    Block(Block const&) = delete;
    Block& operator=(Block const&) = delete;
    ~Block() { out_.resize(begin_ + used); }

    char* data() noexcept { return out_.data() + begin_; }

    std::size_t used = 0;

private:
    std::string& out_;
    std::size_t begin_;
};

/// RFC 1952, by zlib: a window of 16 KiB and small tables, about 100 KiB per stream.
class Gzip final : public Encoder {
public:
    explicit Gzip(Effort effort) {
        constexpr int gzip_window = 16 + 14;
        int const level = effort == Effort::stream ? 4 : 9;
        if (::deflateInit2(&stream_, level, Z_DEFLATED, gzip_window, 7, Z_DEFAULT_STRATEGY) != Z_OK)
            throw std::bad_alloc();
    }
    ~Gzip() override { ::deflateEnd(&stream_); }

    void write(std::string_view piece, std::string& out) override { run(piece, Z_NO_FLUSH, out); }
    void flush(std::string& out) override { run({}, Z_SYNC_FLUSH, out); }
    void finish(std::string& out) override { run({}, Z_FINISH, out); }

private:
    void run(std::string_view piece, int mode, std::string& out) {
        // zlib does not write to its input; counts are of type unsigned.
        while (piece.size() > block_bytes) {
            run(piece.substr(0, block_bytes), Z_NO_FLUSH, out);
            piece.remove_prefix(block_bytes);
        }
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
        stream_.avail_in = static_cast<uInt>(piece.size());
        do {
            Block block(out);
            stream_.next_out = reinterpret_cast<Bytef*>(block.data());
            stream_.avail_out = block_bytes;
            ::deflate(&stream_, mode);
            block.used = block_bytes - stream_.avail_out;
        } while (stream_.avail_out == 0);
    }

    z_stream stream_{};
};

/// RFC 7932: a window of 64 KiB for streams, 256 KiB for what is kept.
class Brotli final : public Encoder {
public:
    explicit Brotli(Effort effort)
        : state_(::BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)) {
        if (state_ == nullptr) throw std::bad_alloc();
        bool const stream = effort == Effort::stream;
        ::BrotliEncoderSetParameter(state_, BROTLI_PARAM_QUALITY, stream ? 4 : 9);
        ::BrotliEncoderSetParameter(state_, BROTLI_PARAM_LGWIN, stream ? 16 : 18);
    }
    ~Brotli() override { ::BrotliEncoderDestroyInstance(state_); }

    void write(std::string_view piece, std::string& out) override {
        run(piece, BROTLI_OPERATION_PROCESS, out);
    }
    void flush(std::string& out) override { run({}, BROTLI_OPERATION_FLUSH, out); }
    void finish(std::string& out) override { run({}, BROTLI_OPERATION_FINISH, out); }

private:
    void run(std::string_view piece, BrotliEncoderOperation mode, std::string& out) {
        auto left = piece.size();
        auto const* in = reinterpret_cast<std::uint8_t const*>(piece.data());
        do {
            std::size_t room = 0;
            if (!::BrotliEncoderCompressStream(state_, mode, &left, &in, &room, nullptr, nullptr))
                throw std::bad_alloc();
            std::size_t ready = 0;
            while (auto const* bytes = ::BrotliEncoderTakeOutput(state_, &ready)) {
                if (ready == 0) break;
                out.append(reinterpret_cast<char const*>(bytes), ready);
                ready = 0;
            }
        } while (left > 0 || ::BrotliEncoderHasMoreOutput(state_));
    }

    BrotliEncoderState* state_;
};

/// RFC 8878: a window of 128 KiB for streams, 1 MiB for what is kept; browsers take up to 8 MiB.
class Zstd final : public Encoder {
public:
    explicit Zstd(Effort effort) : context_(::ZSTD_createCCtx()) {
        if (context_ == nullptr) throw std::bad_alloc();
        bool const stream = effort == Effort::stream;
        ::ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, stream ? 3 : 12);
        ::ZSTD_CCtx_setParameter(context_, ZSTD_c_windowLog, stream ? 17 : 20);
    }
    ~Zstd() override { ::ZSTD_freeCCtx(context_); }

    void write(std::string_view piece, std::string& out) override {
        run(piece, ZSTD_e_continue, out);
    }
    void flush(std::string& out) override { run({}, ZSTD_e_flush, out); }
    void finish(std::string& out) override { run({}, ZSTD_e_end, out); }

private:
    void run(std::string_view piece, ZSTD_EndDirective mode, std::string& out) {
        ZSTD_inBuffer in{piece.data(), piece.size(), 0};
        for (bool done = false; !done;) {
            Block block(out);
            ZSTD_outBuffer to{block.data(), block_bytes, 0};
            auto const left = ::ZSTD_compressStream2(context_, &to, &in, mode);
            if (::ZSTD_isError(left)) throw std::bad_alloc();
            block.used = to.pos;
            done = mode == ZSTD_e_continue ? in.pos == in.size : left == 0;
        }
    }

    ZSTD_CCtx* context_;
};

}  // namespace

std::string_view name_of(Coding coding) noexcept {
    constexpr std::array<std::string_view, codings> names{"identity", "gzip", "br", "zstd"};
    return names[static_cast<std::size_t>(coding)];
}

std::unique_ptr<Encoder> make_encoder(Coding coding, Effort effort) {
    switch (coding) {
        case Coding::gzip:
            return std::make_unique<Gzip>(effort);
        case Coding::br:
            return std::make_unique<Brotli>(effort);
        case Coding::zstd:
            return std::make_unique<Zstd>(effort);
        case Coding::identity:
            break;
    }
    return nullptr;
}

std::string encode(Coding coding, Effort effort, std::string_view content) {
    std::string out;
    if (auto const encoder = make_encoder(coding, effort)) {
        encoder->write(content, out);
        encoder->finish(out);
    } else {
        out = content;
    }
    return out;
}

}  // namespace grover::http
