#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace quaero::test {

/// A key and a certificate for 127.0.0.1 that vouches for itself, in files that
/// go away with the object.
class certificate {
public:
  certificate() {
    std::string pattern
      = std::filesystem::temp_directory_path() / "quaero_tls_XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr)
      throw std::runtime_error("no folder for a certificate");
    folder_ = pattern;
    std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> pair{
      EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free};
    std::unique_ptr<X509, void (*)(X509*)> x{make(pair.get()), X509_free};
    write(path(), [&](FILE* to) { PEM_write_X509(to, x.get()); });
    write(key(), [&](FILE* to) {
      PEM_write_PrivateKey(to, pair.get(), nullptr, nullptr, 0, nullptr,
                           nullptr);
    });
    write(locked_key(), [&](FILE* to) {
      unsigned char password[] = "secret";
      PEM_write_PrivateKey(to, pair.get(), EVP_aes_128_cbc(), password, 6,
                           nullptr, nullptr);
    });
  }

  ~certificate() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  certificate(const certificate&) = delete;
  certificate& operator=(const certificate&) = delete;

  std::string path() const { return folder_ + "/certificate.pem"; }
  std::string key() const { return folder_ + "/key.pem"; }
  /// The same key, with a password.
  std::string locked_key() const { return folder_ + "/locked.pem"; }

private:
  static X509* make(EVP_PKEY* pair) {
    constexpr long day = 24 * 60 * 60;
    auto* x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -day);
    X509_gmtime_adj(X509_getm_notAfter(x), day);
    X509_set_pubkey(x, pair);
    auto* name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(
      name, "CN", MBSTRING_ASC,
      reinterpret_cast<const unsigned char*>("quaero test"), -1, -1, 0);
    X509_set_issuer_name(x, name);
    auto* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name,
                                      "IP:127.0.0.1,DNS:localhost");
    X509_add_ext(x, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(x, pair, EVP_sha256());
    return x;
  }

  template <class F>
  static void write(const std::string& path, F&& f) {
    auto* to = std::fopen(path.c_str(), "w");
    if (to == nullptr)
      throw std::runtime_error("cannot write " + path);
    f(to);
    std::fclose(to);
  }

  std::string folder_;
};

} // namespace quaero::test
