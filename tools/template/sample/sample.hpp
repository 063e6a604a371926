// What the sample service keeps and what it takes.
#pragma once

#include "auth/caller.hpp"
#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/text.hpp"
#include "reflect/codec.hpp"

namespace grover::sample {

using auth::UserId;
using SampleId = Id<"sample">;

/// Stored and shown as it is. The first member is the document's id.
struct Sample {
    SampleId sample_id;
    UserId user_id;
    Text<1, 200> text;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(Sample, (), (sample_id, user_id, text, created_at))

/// Body of POST /api/samples.
struct NewSample {
    Text<1, 200> text;
};
BOOST_DESCRIBE_STRUCT(NewSample, (), (text))

}  // namespace grover::sample
