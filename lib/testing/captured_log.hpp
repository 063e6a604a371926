// What a Log wrote, for a test to look at.
//
//     testing::CapturedLog captured;
//     {
//         telemetry::Log log("here", telemetry::Level::info, captured.fd());
//         log.info("hello");
//     }
//     EXPECT_EQ(captured.lines().at(0).at("message"), "hello");
#pragma once

#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include <boost/json.hpp>

namespace grover::testing {

/// A pipe: what does not fit in it (64 KiB) is not for this class.
class CapturedLog {
public:
    CapturedLog() { EXPECT_EQ(::pipe(ends_), 0); }
    ~CapturedLog() { ::close(ends_[0]); }
    int fd() const { return ends_[1]; }
    /// The bytes that nobody has read yet.
    int waiting() const {
        int out = 0;
        EXPECT_EQ(::ioctl(ends_[0], FIONREAD, &out), 0);
        return out;
    }
    /// After the last line: ends the pipe.
    std::vector<boost::json::object> lines() {
        ::close(ends_[1]);
        std::string text;
        char block[4096];
        for (ssize_t n = 0; (n = ::read(ends_[0], block, sizeof block)) > 0;)
            text.append(block, static_cast<std::size_t>(n));
        std::vector<boost::json::object> out;
        for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos;
             at = end + 1)
            out.push_back(boost::json::parse(text.substr(at, end - at)).as_object());
        return out;
    }

private:
    int ends_[2] = {-1, -1};
};

}  // namespace grover::testing
