// main of every test program. NET_ENGINE chooses the engine of the loops, as it does for services.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "base/config.hpp"
#include "net/engine_choice.hpp"

int main(int count, char** arguments) {
    ::testing::InitGoogleTest(&count, arguments);
    try {
        char const* const wanted = std::getenv("NET_ENGINE");
        grover::net::use_engine(grover::net::choose_engine(wanted ? wanted : "epoll").kind);
    } catch (grover::ConfigError const& error) {
        std::cerr << error.what() << '\n';
        return 2;
    }
    return RUN_ALL_TESTS();
}
