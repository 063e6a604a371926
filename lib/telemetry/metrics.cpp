#include "telemetry/metrics.hpp"

#include <stdexcept>

#include <fmt/format.h>

namespace grover::telemetry {
namespace {

std::string print_labels(Labels const& labels) {
    std::string out;
    for (auto const& [name, value] : labels) {
        out += out.empty() ? "" : ",";
        out += name + "=\"";
        for (char const c : value) {
            if (c == '\\' || c == '"') out += '\\';
            if (c == '\n')
                out += "\\n";
            else
                out += c;
        }
        out += '"';
    }
    return out;
}

std::string braced(std::string_view labels) {
    return labels.empty() ? "" : fmt::format("{{{}}}", labels);
}

}  // namespace

void Histogram::observe(double seconds) noexcept {
    std::size_t bucket = 0;
    while (bucket < bounds.size() && seconds > bounds[bucket]) ++bucket;
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_ns_.fetch_add(static_cast<std::uint64_t>(seconds * 1e9), std::memory_order_relaxed);
}

void Histogram::print(std::string& out, std::string_view name, std::string_view labels) const {
    auto const comma = labels.empty() ? "" : ",";
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= bounds.size(); ++i) {
        total += counts_[i].load(std::memory_order_relaxed);
        auto const bound = i < bounds.size() ? fmt::format("{}", bounds[i]) : std::string("+Inf");
        out += fmt::format("{}_bucket{{{}{}le=\"{}\"}} {}\n", name, labels, comma, bound, total);
    }
    auto const sum = static_cast<double>(sum_ns_.load(std::memory_order_relaxed)) / 1e9;
    out += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name, braced(labels), sum, name,
                       braced(labels), total);
}

Metrics::Series& Metrics::series(std::string const& name, std::string const& help,
                                 std::string_view type, Labels const& labels) {
    auto& family = families_[name];
    if (family.type.empty()) {
        family.help = help;
        family.type = type;
    }
    if (family.type != type) throw std::logic_error("metric " + name + " has two types");
    return family.series[print_labels(labels)];
}

Counter& Metrics::counter(std::string const& name, std::string const& help, Labels const& labels) {
    std::lock_guard const lock(mutex_);
    auto& counter = series(name, help, "counter", labels).counter;
    if (!counter) counter = std::make_unique<Counter>();
    return *counter;
}

Histogram& Metrics::histogram(std::string const& name, std::string const& help,
                              Labels const& labels) {
    std::lock_guard const lock(mutex_);
    auto& histogram = series(name, help, "histogram", labels).histogram;
    if (!histogram) histogram = std::make_unique<Histogram>();
    return *histogram;
}

void Metrics::gauge(std::string const& name, std::string const& help, std::function<double()> read,
                    Labels const& labels) {
    std::lock_guard const lock(mutex_);
    series(name, help, "gauge", labels).read = std::move(read);
}

void Metrics::counter(std::string const& name, std::string const& help,
                      std::function<double()> read, Labels const& labels) {
    std::lock_guard const lock(mutex_);
    series(name, help, "counter", labels).read = std::move(read);
}

std::string Metrics::print() const {
    std::lock_guard const lock(mutex_);
    std::string out;
    for (auto const& [name, family] : families_) {
        out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, family.help, name, family.type);
        for (auto const& [labels, series] : family.series) {
            if (series.counter)
                out += fmt::format("{}{} {}\n", name, braced(labels), series.counter->value());
            if (series.histogram) series.histogram->print(out, name, labels);
            if (series.read) out += fmt::format("{}{} {}\n", name, braced(labels), series.read());
        }
    }
    return out;
}

}  // namespace grover::telemetry
