// What every engine must do, in the cases where something goes wrong as much as where nothing does.
// NET_ENGINE tells which one is tested. One file: the contract of an engine, as a whole.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <numeric>
#include <thread>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include "base/config.hpp"
#include "net/async.hpp"
#include "net/engine_choice.hpp"
#include "net/listener.hpp"
#include "net/stream.hpp"
#include "testing/raw_client.hpp"
#include "testing/run_on.hpp"
#include "testing/server_fixture.hpp"
#include "testing/stream_pair.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::net {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::run_on;
using testing::StreamPair;
using testing::tcp_pair;
using testing::unix_pair;
using Steady = std::chrono::steady_clock;

/// Bytes that tell their place.
std::string numbered(std::size_t size) {
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<char>('a' + i * 7 % 26 + i / 4096 % 3);
    return out;
}

Task<std::string> read_to_end(Stream& stream, std::size_t block) {
    std::string out;
    std::string space(block, '\0');
    for (;;) {
        auto const [error, count] = co_await stream.async_read_some(asio::buffer(space), use_tuple);
        out.append(space, 0, count);
        if (error == asio::error::eof) co_return out;
        if (error) throw boost::system::system_error(error);
    }
}

class EngineTest : public ::testing::Test {
protected:
    EngineTest() { loops_.start(); }
    Loop& loop() { return loops_.at(0); }
    /// Runs beside the test; true once it has ended.
    template <class Function>
    auto beside(Function function) {
        auto ended = std::make_shared<std::atomic<bool>>(false);
        asio::co_spawn(loop().executor(), std::move(function), [ended](std::exception_ptr failure) {
            if (!failure) *ended = true;
        });
        return ended;
    }
    Loops loops_{1};
};

TEST_F(EngineTest, CarriesManyBytesInOrderHoweverTheyAreCut) {
    auto const sent = numbered(700'000);
    for (auto const ends : {unix_pair, tcp_pair})
        for (std::size_t const written : {std::size_t(911), std::size_t(20'000), sent.size()})
            for (std::size_t const read : {std::size_t(3'000), std::size_t(64 << 10)}) {
                auto const got = run_on(loop(), [&]() -> Task<std::string> {
                    StreamPair pair(loop(), ends());
                    auto const done = beside([&]() -> Task<> {
                        for (std::size_t at = 0; at < sent.size(); at += written)
                            co_await asio::async_write(
                                *pair.left,
                                asio::buffer(sent.data() + at, std::min(written, sent.size() - at)),
                                use_task);
                        pair.left->shutdown_send();
                    });
                    co_return co_await read_to_end(*pair.right, read);
                });
                EXPECT_TRUE(got == sent) << written << ' ' << read << ' ' << got.size();
            }
}

TEST_F(EngineTest, CarriesSingleBytes) {
    auto const got = run_on(loop(), [&]() -> Task<std::string> {
        StreamPair pair(loop(), tcp_pair());
        beside([&]() -> Task<> {
            for (char c = 'a'; c <= 'z'; ++c)
                co_await asio::async_write(*pair.left, asio::buffer(&c, 1), use_task);
            pair.left->shutdown_send();
        });
        co_return co_await read_to_end(*pair.right, 1);
    });
    EXPECT_EQ(got, "abcdefghijklmnopqrstuvwxyz");
}

TEST_F(EngineTest, WritesFromManyBuffers) {
    auto const got = run_on(loop(), [&]() -> Task<std::string> {
        StreamPair pair(loop());
        std::vector<std::string> const parts{"one ", "", "two ", "three ", "four ", "five ", "six"};
        std::vector<asio::const_buffer> buffers;
        for (auto const& part : parts) buffers.push_back(asio::buffer(part));
        co_await asio::async_write(*pair.left, buffers, use_task);
        pair.left.reset();
        co_return co_await read_to_end(*pair.right, 1000);
    });
    EXPECT_EQ(got, "one two three four five six");
}

TEST_F(EngineTest, DeliversWhatWasWrittenBeforeTheClose) {
    auto const sent = numbered(150'000);  // more than is copied, and than one piece
    for (auto const ends : {unix_pair, tcp_pair}) {
        auto const got = run_on(loop(), [&]() -> Task<std::string> {
            StreamPair pair(loop(), ends());
            beside([&]() -> Task<> {
                for (std::size_t at = 0; at < sent.size(); at += 30'000)
                    co_await asio::async_write(*pair.left, asio::buffer(sent.data() + at, 30'000),
                                               use_task);
                pair.left->close();
            });
            co_return co_await read_to_end(*pair.right, 5'000);
        });
        EXPECT_TRUE(got == sent) << got.size();
    }
}

TEST_F(EngineTest, WaitsForASlowReaderAndKeepsTheOrder) {
    // Many writes of a size that an engine may collect, to a reader that begins late.
    auto const sent = numbered(3'000'000);
    auto const ends = unix_pair();
    Socket const reader(ends[1]);
    Stream* writer = nullptr;
    auto const done = beside([&, ends]() -> Task<> {
        Stream stream(loop(), Socket(ends[0]));
        writer = &stream;
        for (std::size_t at = 0; at < sent.size(); at += 10'000)
            co_await asio::async_write(stream, asio::buffer(sent.data() + at, 10'000), use_task);
        stream.shutdown_send();
    });
    run_on(loop(), []() -> Task<> { co_await pause(20ms); });
    EXPECT_FALSE(*done);  // it is held back
    std::string got;
    std::string space(7'001, '\0');
    for (ssize_t count = 1; count > 0;) {
        count = ::recv(reader.native_handle(), space.data(), space.size(), 0);
        if (count > 0) got.append(space, 0, static_cast<std::size_t>(count));
    }
    EXPECT_TRUE(got == sent) << got.size();
    EXPECT_TRUE(eventually([&] { return done->load(); }));
}

/// As a server writes: what goes at once, and the rest when the reader has made room.
Task<> write_in_pieces(Stream& stream, std::string_view bytes, std::size_t piece_max) {
    std::size_t size = 1;
    while (!bytes.empty()) {
        size = std::min(size * 7919 % piece_max + 1, bytes.size());
        auto piece = bytes.substr(0, size);
        bytes.remove_prefix(size);
        piece.remove_prefix(stream.write_now(asio::buffer(piece)));
        if (!piece.empty()) co_await asio::async_write(stream, asio::buffer(piece), use_task);
    }
    stream.shutdown_send();
}

/// A write that had waited for its reader was copied to where the next turn's writes went.
TEST_F(EngineTest, StreamsWithSlowReadersDoNotGetEachOthersBytes) {
    for (auto const pair : {unix_pair, tcp_pair})
        for (std::size_t const piece_max : {std::size_t(20'000), std::size_t(150'000)}) {
            std::vector<std::string> sent, got(4);
            std::vector<std::shared_ptr<std::atomic<bool>>> done;
            std::vector<std::jthread> readers;
            for (std::size_t i = 0; i < got.size(); ++i)
                sent.emplace_back(8'000'000, static_cast<char>('a' + i));
            for (std::size_t i = 0; i < got.size(); ++i) {
                auto const ends = pair();
                done.push_back(beside([&, i, ends]() -> Task<> {
                    Stream stream(loop(), Socket(ends[0]));
                    co_await write_in_pieces(stream, sent[i], piece_max);
                }));
                readers.emplace_back([&, i, ends] {
                    Socket const reader(ends[1]);
                    std::string space(100'000, '\0');
                    for (ssize_t count = 1; count > 0;) {
                        auto const size = 1 + got[i].size() * 31 % space.size();
                        count = ::recv(reader.native_handle(), space.data(), size, 0);
                        if (count > 0) got[i].append(space, 0, static_cast<std::size_t>(count));
                    }
                });
            }
            for (auto& reader : readers) reader.join();
            for (std::size_t i = 0; i < got.size(); ++i) {
                EXPECT_EQ(got[i].size(), sent[i].size());
                EXPECT_EQ(got[i].find_first_not_of(sent[i][0]), got[i].npos);
                EXPECT_TRUE(eventually([&] { return done[i]->load(); }));
            }
        }
}

TEST_F(EngineTest, ReadsInOrderHoweverTheReaderStalls) {
    auto const sent = numbered(20'000'000);
    for (auto const pair : {unix_pair, tcp_pair}) {
        auto const ends = pair();
        std::jthread const writer([&, ends] {
            std::size_t size = 1;
            for (std::size_t at = 0; at < sent.size(); at += size) {
                size = std::min(size * 7919 % 150'001, sent.size() - at);
                for (std::size_t out = 0; out < size;)
                    out += static_cast<std::size_t>(
                        ::send(ends[1], sent.data() + at + out, size - out, MSG_NOSIGNAL));
            }
            ::shutdown(ends[1], SHUT_WR);
        });
        auto const got = run_on(loop(), [&, ends]() -> Task<std::string> {
            Stream stream(loop(), Socket(ends[0]));
            std::string out;
            std::string space(64 << 10, '\0');
            for (;;) {
                auto const [error, count] = co_await stream.async_read_some(
                    asio::buffer(space.data(), 1 + out.size() % space.size()), use_tuple);
                out.append(space, 0, count);
                if (error) co_return out;
                if (out.size() % 7 == 0) co_await pause(out.size() % 3 * 1ms);
            }
        });
        auto const wrong = std::ranges::mismatch(got, sent).in1 - got.begin();
        EXPECT_TRUE(got == sent) << got.size() << ", wrong at " << wrong;
        ::close(ends[1]);
    }
}

TEST_F(EngineTest, HoldsBackAFastWriterWhenNobodyReads) {
    auto const ends = unix_pair();
    Stream* reader = nullptr;
    run_on(loop(), [&]() -> Task<> {
        reader = new Stream(loop(), Socket(ends[0]));
        std::array<char, 1> first{};
        co_await asio::async_write(*reader, asio::buffer("go", 2), use_task);
        beside([&]() -> Task<> {  // begins to read, and then does not go on
            std::array<char, 1> byte{};
            co_await reader->async_read_some(asio::buffer(byte), use_task);
        });
        static_cast<void>(first);
    });
    std::string const block(64 << 10, 'x');
    std::size_t sent = 0;
    for (int full = 0; full < 50;) {  // full and not emptied for 50 ms
        auto const count = ::send(ends[1], block.data(), block.size(), MSG_DONTWAIT);
        full = count > 0 ? 0 : full + 1;
        if (count > 0) sent += static_cast<std::size_t>(count);
        if (count <= 0) run_on(loop(), []() -> Task<> { co_await pause(1ms); });
        ASSERT_LT(sent, 8u << 20);
    }
    auto const got = run_on(loop(), [&]() -> Task<std::size_t> {
        ::shutdown(ends[1], SHUT_WR);
        co_return (co_await read_to_end(*reader, 10'000)).size();
    });
    EXPECT_EQ(got, sent - 1);
    run_on(loop(), [&]() -> Task<> {
        delete reader;
        co_return;
    });
    ::close(ends[1]);
}

TEST_F(EngineTest, EndsAReadWhenTheStreamIsClosedOrDestroyed) {
    run_on(loop(), [&]() -> Task<> {
        for (bool const destroyed : {false, true}) {
            StreamPair pair(loop(), tcp_pair());
            ErrorCode error;
            auto const ended = beside([&]() -> Task<> {
                std::array<char, 10> space{};
                std::tie(error, std::ignore) =
                    co_await pair.left->async_read_some(asio::buffer(space), use_tuple);
            });
            co_await pause(1ms);
            if (destroyed)
                pair.left.reset();
            else
                pair.left->close();
            while (!*ended) co_await pause(1ms);
            EXPECT_EQ(error, asio::error::operation_aborted);
            std::array<char, 10> space{};
            auto const [end, count] =
                co_await pair.right->async_read_some(asio::buffer(space), use_tuple);
            EXPECT_EQ(end, asio::error::eof);
        }
    });
}

TEST_F(EngineTest, EndsAWriteWhenTheStreamIsClosedOrLate) {
    run_on(loop(), [&]() -> Task<> {
        for (bool const late : {false, true}) {
            StreamPair pair(loop());
            std::string const huge(16 << 20, 'x');
            ErrorCode error;
            std::size_t written = 0;
            auto const ended = beside([&]() -> Task<> {
                std::tie(error, written) =
                    co_await asio::async_write(*pair.left, asio::buffer(huge), use_tuple);
            });
            co_await pause(1ms);
            if (late)
                pair.left->expires_at(Steady::now());
            else
                pair.left->close();
            while (!*ended) co_await pause(1ms);
            EXPECT_EQ(error, asio::error::operation_aborted);
            EXPECT_LT(written, huge.size());
            EXPECT_EQ(pair.left->expired(), late);
        }
    });
}

TEST_F(EngineTest, TellsOfAResetWhileReadingAndWriting) {
    run_on(loop(), [&]() -> Task<> {
        auto const reset = [](int descriptor) {
            linger const none{.l_onoff = 1, .l_linger = 0};
            ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none);
            ::close(descriptor);
        };
        auto ends = tcp_pair();
        Stream reading(loop(), Socket(ends[0]));
        std::array<char, 10> space{};
        reset(ends[1]);
        auto const [error, count] =
            co_await reading.async_read_some(asio::buffer(space), use_tuple);
        EXPECT_EQ(error, asio::error::connection_reset);

        ends = tcp_pair();
        Stream writing(loop(), Socket(ends[0]));
        std::string const huge(16 << 20, 'x');
        ErrorCode failure;
        auto const ended = beside([&]() -> Task<> {
            std::tie(failure, std::ignore) =
                co_await asio::async_write(writing, asio::buffer(huge), use_tuple);
        });
        co_await pause(1ms);
        reset(ends[1]);
        while (!*ended) co_await pause(1ms);
        EXPECT_TRUE(failure == asio::error::connection_reset || failure == asio::error::broken_pipe)
            << failure.message();
        // A failure stays one.
        for (int i = 0; i < 3 && !failure.failed(); ++i) co_await pause(1ms);
        auto const [again, none] =
            co_await asio::async_write(writing, asio::buffer(huge), use_tuple);
        EXPECT_TRUE(again.failed());
    });
}

TEST_F(EngineTest, ReadsOnAfterTheOtherSideHasEndedAndWritesIntoIt) {
    run_on(loop(), [&]() -> Task<> {
        StreamPair pair(loop(), tcp_pair());
        co_await asio::async_write(*pair.left, asio::buffer("question", 8), use_task);
        pair.left->shutdown_send();
        EXPECT_EQ(co_await read_to_end(*pair.right, 100), "question");
        EXPECT_TRUE(pair.right->stale());
        co_await asio::async_write(*pair.right, asio::buffer("answer", 6), use_task);
        pair.right->shutdown_send();
        EXPECT_EQ(co_await read_to_end(*pair.left, 100), "answer");
    });
}

TEST_F(EngineTest, RefusesOperationsOnAClosedStream) {
    run_on(loop(), [&]() -> Task<> {
        Stream stream(loop());
        std::array<char, 10> space{};
        for (int i = 0; i < 2; ++i) {
            auto const [in, got] = co_await stream.async_read_some(asio::buffer(space), use_tuple);
            EXPECT_EQ(in, asio::error::bad_descriptor);
            auto const [out, put] =
                co_await stream.async_write_some(asio::buffer(space), use_tuple);
            EXPECT_EQ(out, asio::error::bad_descriptor);
            EXPECT_TRUE(stream.stale());
            stream.shutdown_send();
            stream.without_delay();
            stream.close();
        }
    });
}

TEST_F(EngineTest, ConnectsAndTellsWhyNot) {
    testing::TemporaryFolder folder;
    run_on(loop(), [&]() -> Task<> {
        Stream stream(loop());
        auto const path = (folder.path() / "none.sock").string();
        auto const [none] =
            co_await stream.async_connect(asio::local::stream_protocol::endpoint(path), use_tuple);
        EXPECT_EQ(none, boost::system::errc::no_such_file_or_directory);
        // Refused: nobody listens on a port that was just given up.
        auto const ends = tcp_pair();
        sockaddr_in address{};
        socklen_t size = sizeof address;
        ::getpeername(ends[0], reinterpret_cast<sockaddr*>(&address), &size);
        ::close(ends[0]);
        ::close(ends[1]);
        auto const [refused] =
            co_await stream.async_connect(SocketAddress(&address, size), use_tuple);
        EXPECT_EQ(refused, asio::error::connection_refused);
    });
}

TEST_F(EngineTest, GivesUpAConnectThatNobodyAnswers) {
    // A listener whose queue is full answers no more.
    Socket const listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(::bind(listener.native_handle(), generic, size), 0);
    ASSERT_EQ(::listen(listener.native_handle(), 0), 0);
    ASSERT_EQ(::getsockname(listener.native_handle(), generic, &size), 0);
    run_on(loop(), [&]() -> Task<> {
        std::vector<std::unique_ptr<Stream>> streams;
        for (int i = 0; i < 10; ++i) {
            auto& stream = *streams.emplace_back(std::make_unique<Stream>(loop()));
            stream.expires_at(Steady::now() + 1ms);
            auto const [error] =
                co_await stream.async_connect(SocketAddress(generic, size), use_tuple);
            if (!error) continue;
            EXPECT_EQ(error, asio::error::operation_aborted);
            EXPECT_TRUE(stream.expired());
            co_return;
        }
        ADD_FAILURE() << "every connect was answered";
    });
}

TEST_F(EngineTest, CancelsOneOperationOfACoroutine) {
    run_on(loop(), [&]() -> Task<> {
        StreamPair pair(loop());
        asio::cancellation_signal signal;
        ErrorCode error;
        bool ended = false;
        std::array<char, 10> space{};
        pair.left->async_read_some(
            asio::buffer(space),
            asio::bind_cancellation_slot(signal.slot(), [&](ErrorCode how, std::size_t) {
                error = how;
                ended = true;
            }));
        co_await pause(1ms);
        signal.emit(asio::cancellation_type::terminal);
        while (!ended) co_await pause(1ms);
        EXPECT_EQ(error, asio::error::operation_aborted);
        signal.emit(asio::cancellation_type::terminal);  // nothing is there any more
        co_await asio::async_write(*pair.right, asio::buffer("later", 5), use_task);
        EXPECT_EQ(co_await pair.left->async_read_some(asio::buffer(space), use_task), 5u);
    });
}

TEST_F(EngineTest, ServesThousandsOfStreamsAtOnce) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    std::size_t const count = std::min<std::size_t>(files.rlim_cur / 2 - 100, 2'000);
    run_on(loop(), [&]() -> Task<> {
        std::vector<std::unique_ptr<StreamPair>> pairs;
        std::vector<std::string> got(count);
        std::size_t ended = 0;
        for (std::size_t i = 0; i < count; ++i) {
            pairs.push_back(std::make_unique<StreamPair>(loop()));
            asio::co_spawn(
                loop().executor(),
                [&, i]() -> Task<> {
                    got[i] = co_await read_to_end(*pairs[i]->left, 1000);
                    ++ended;
                },
                asio::detached);
        }
        co_await pause(1ms);
        // All at once: more than the engine has buffers for.
        for (std::size_t i = 0; i < count; ++i) {
            auto const text = std::to_string(i);
            co_await asio::async_write(*pairs[i]->right, asio::buffer(text), use_task);
            pairs[i]->right->shutdown_send();
        }
        while (ended < count) co_await pause(1ms);
        for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(got[i], std::to_string(i));
    });
}

TEST_F(EngineTest, TakesWorkFromOtherThreadsWhileAsleep) {
    std::atomic<int> ran = 0;
    constexpr int each = 2'000;
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < each; ++i) {
                asio::post(loop().executor(), [&] { ++ran; });
                if (i % 100 == 0) std::this_thread::yield();
            }
        });
    for (auto& thread : threads) thread.join();
    EXPECT_TRUE(eventually([&] { return ran == 3 * each; }));
    // One at a time: each has to wake a loop that sleeps.
    for (int i = 0; i < 50; ++i) EXPECT_EQ(run_on(loop(), [&]() -> Task<int> { co_return i; }), i);
}

TEST_F(EngineTest, StopsWhileEverythingIsInFlight) {
    auto const token = std::make_shared<int>();
    auto const unread = unix_pair();
    for (int i = 0; i < 20; ++i)
        beside([&, token, i]() -> Task<> {
            StreamPair pair(loop(), i % 2 == 0 ? unix_pair() : tcp_pair());
            std::string const huge(4 << 20, 'x');
            asio::co_spawn(
                loop().executor(),
                [&pair, token]() -> Task<> {
                    std::array<char, 100> space{};
                    for (;;) co_await pair.left->async_read_some(asio::buffer(space), use_task);
                },
                asio::detached);
            if (i % 3 == 0) co_await asio::async_write(*pair.left, asio::buffer(huge), use_task);
            for (;;) co_await asio::async_write(*pair.right, asio::buffer(huge), use_task);
        });
    run_on(loop(), []() -> Task<> { co_await pause(5ms); });
    loops_.stop();
    ::close(unread[0]);
    ::close(unread[1]);
    EXPECT_GT(token.use_count(), 1);
}

TEST_F(EngineTest, ADrainedListenerHandsOverWhatWaitsAndCloses) {
    auto const listener = std::move(Listener::tcp(loops_, "127.0.0.1", 0).at(0));
    auto const port = listener->port();
    std::vector<Socket> accepted;
    std::deque<testing::RawClient> clients;
    bool drained = false;
    run_on(loop(), [&]() -> Task<> {
        listener->start([&](Loop&, Socket socket, std::string const&) {
            accepted.push_back(std::move(socket));
        });
        co_await pause(1ms);
        // The loop is busy with this: they wait in the queue.
        for (int i = 0; i < 5; ++i) clients.emplace_back(port);
        listener->drain([&] { drained = true; });
    });
    EXPECT_TRUE(
        eventually([&] { return run_on(loop(), [&]() -> Task<bool> { co_return drained; }); }));
    EXPECT_EQ(accepted.size(), 5u);
    EXPECT_ANY_THROW(testing::RawClient{port});
    run_on(loop(), [&]() -> Task<> {
        accepted.clear();
        co_return;
    });
}

TEST_F(EngineTest, AcceptsAfterTheDescriptorsRanOut) {
    auto const listener = std::move(Listener::tcp(loops_, "127.0.0.1", 0).at(0));
    std::vector<Socket> accepted;
    run_on(loop(), [&]() -> Task<> {
        listener->start([&](Loop&, Socket socket, std::string const& peer) {
            EXPECT_EQ(peer, "127.0.0.1");
            accepted.push_back(std::move(socket));
        });
        co_return;
    });
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    testing::RawClient first(listener->port());
    Socket const waiting(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    rlimit const none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = ::htons(listener->port());
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    EXPECT_EQ(
        ::connect(waiting.native_handle(), reinterpret_cast<sockaddr*>(&address), sizeof address),
        0);
    run_on(loop(), []() -> Task<> { co_await pause(5ms); });
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_TRUE(eventually(
        [&] { return run_on(loop(), [&]() -> Task<bool> { co_return accepted.size() == 2; }); }));
    run_on(loop(), [&]() -> Task<> {
        listener->close();
        accepted.clear();
        co_return;
    });
}

TEST(EngineChoice, KnowsItsNames) {
    EXPECT_EQ(choose_engine("epoll").kind, EngineKind::epoll);
    EXPECT_THROW(choose_engine("kqueue"), ConfigError);
    EXPECT_THROW(choose_engine(""), ConfigError);
    auto const found = choose_engine("auto");
    if (found.kind == EngineKind::io_uring)
        EXPECT_EQ(choose_engine("io_uring").kind, EngineKind::io_uring);
    else
        EXPECT_THROW(choose_engine("io_uring"), ConfigError);
    EXPECT_EQ(found.obstacle.empty(), found.kind == EngineKind::io_uring);
}

}  // namespace
}  // namespace grover::net
