#include "testing/certificate.hpp"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

namespace grover::testing {
namespace {

template <auto write>
std::string pem(auto const* object) {
    std::unique_ptr<BIO, decltype(&::BIO_free_all)> const memory(::BIO_new(::BIO_s_mem()),
                                                                 ::BIO_free_all);
    write(memory.get(), object);
    char* text = nullptr;
    auto const size = ::BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace

Certificate Certificate::make(long seconds_valid, long serial, char const* names) {
    std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> const pair(::EVP_EC_gen("P-256"),
                                                                     ::EVP_PKEY_free);
    std::unique_ptr<X509, decltype(&::X509_free)> const out(::X509_new(), ::X509_free);
    ::X509_set_version(out.get(), 2);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(out.get()), serial);
    ::X509_gmtime_adj(::X509_getm_notBefore(out.get()), -7200);
    ::X509_gmtime_adj(::X509_getm_notAfter(out.get()), seconds_valid);
    auto* const name = ::X509_get_subject_name(out.get());
    // Whom a certificate is looked up by where several are trusted.
    auto const own = "grover test " + std::to_string(serial);
    ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                 reinterpret_cast<unsigned char const*>(own.c_str()), -1, -1, 0);
    ::X509_set_issuer_name(out.get(), name);
    ::X509_set_pubkey(out.get(), pair.get());
    std::unique_ptr<X509_EXTENSION, decltype(&::X509_EXTENSION_free)> const extension(
        ::X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names),
        ::X509_EXTENSION_free);
    ::X509_add_ext(out.get(), extension.get(), -1);
    ::X509_sign(out.get(), pair.get(), ::EVP_sha256());
    auto const write_key = [](BIO* memory, EVP_PKEY const* key) {
        ::PEM_write_bio_PrivateKey(memory, key, nullptr, nullptr, 0, nullptr, nullptr);
    };
    return {pem<::PEM_write_bio_X509>(out.get()), pem<+write_key>(pair.get())};
}

}  // namespace grover::testing
