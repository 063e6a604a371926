#include "service/event_relay.hpp"

#include <gtest/gtest.h>

namespace grover::service {
namespace {

TEST(ReadGateways, GivesEachANameOfItsOwn) {
    Environment env({{"GATEWAY_SERVICE_URL", "http://10.0.0.1:8000, unix:/run/gateway.sock,"}});
    Origins const expected{{"api-gateway@http://10.0.0.1:8000", "http://10.0.0.1:8000"},
                           {"api-gateway@unix:/run/gateway.sock", "unix:/run/gateway.sock"}};
    EXPECT_EQ(read_gateways(env), expected);
    EXPECT_EQ(names_of(expected), (std::vector<std::string>{"api-gateway@http://10.0.0.1:8000",
                                                            "api-gateway@unix:/run/gateway.sock"}));
    EXPECT_NO_THROW(env.check());
}

TEST(ReadGateways, KnowsOfNoneUnlessToldSo) {
    for (auto const* value : {"", " , "}) {
        Environment env({{"GATEWAY_SERVICE_URL", value}});
        EXPECT_TRUE(read_gateways(env).empty());
        EXPECT_NO_THROW(env.check());
    }
}

TEST(ReadGateways, RefusesWhatIsNoAddress) {
    for (auto const* value :
         {"gateway:8000", "http://", "http://a:99999", "ftp://a", "unix:", "http://a:1,nonsense"}) {
        Environment env({{"GATEWAY_SERVICE_URL", value}});
        read_gateways(env);
        EXPECT_THROW(env.check(), ConfigError) << value;
    }
}

}  // namespace
}  // namespace grover::service
