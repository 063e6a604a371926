// An exchange by HTTP/1.0 and 1.1: reads bodies from the connection's Wire and writes answers into
// its output. Internal to the server.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/body_framing.hpp"
#include "http/exchange.hpp"

namespace grover::http {

class Wire;

class H1Exchange final : public Exchange {
public:
    H1Exchange(Wire& wire, std::string peer, std::string_view scheme);

    /// The next request of the connection, whose head the wire's input begins with.
    void start(RequestHead const& head, TimePoint now);
    /// After the handler: puts what belongs to the next request back. False when the connection
    /// must end.
    bool settle();

    /// The end of the connection would be that of the answer, which is under way.
    bool ends_with_connection() const noexcept {
        return state_ == Answer::streaming && head_->minor_version == 0 &&
               (chunks_ || transfer_ == Transfer::chunked);
    }

    bool body_complete() const noexcept override { return body_.complete(); }
    bool client_has_left() const noexcept override;
    net::Task<std::string_view> read_raw() override;
    net::Task<std::string_view> read_content() override;
    net::Task<bool> body_comes(TimePoint until) override;
    void stop_reading() noexcept override;
    void put_field(std::string_view name, std::string_view value) override;
    net::Task<> finish(std::string_view body) override;
    void stream(Transfer transfer) override;
    net::Task<> write(std::string_view piece) override;
    net::Task<> end(std::string_view last) override;
    net::Task<std::unique_ptr<Duplex>> open_tunnel() override;
    bool sent() const noexcept override;

private:
    void begin_head() override;
    net::Task<> let_come();
    net::Task<bool> receive(TimePoint until = TimePoint::max());
    std::string_view take(std::string_view piece, std::size_t used);
    bool body_ends_in_sight() const noexcept;
    void end_head();
    void append_chunk(std::string_view piece);
    void append_content(std::string_view piece);
    net::Task<> collect(std::string_view bytes);

    Wire& wire_;
    BodyFraming body_;
    std::string_view source_;      // received and not yet handed out
    bool source_in_body_ = false;  // source_ lies in body_buffer_, not behind the head
    bool continued_ = false;       // nothing is owed to "Expect: 100-continue"
    bool receiving_ = false;       // from the wire, right now
    bool stopped_ = false;         // nobody reads any more
    std::unique_ptr<char[]> body_buffer_;

    bool keep_alive_ = false;
    std::optional<BodyFraming> chunks_;  // of a relayed answer to HTTP/1.0, which knows none
    bool names_protocol_ = false;        // the answer has Upgrade
    std::size_t answer_at_ = 0;          // where this answer begins in the collected output
    std::uint64_t writes_before_ = 0;    // of the wire, when it began
};

}  // namespace grover::http
