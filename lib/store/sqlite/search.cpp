#include "store/sqlite/reader.hpp"

namespace grover::store::sqlite {

std::vector<Document> Reader::search(Search const&) {
    return {};
}

}  // namespace grover::store::sqlite
