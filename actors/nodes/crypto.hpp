#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

/// What OpenSSL gives, freed when it goes. Included by sources of this folder
/// only.
namespace quaero::crypto {

template <auto Free>
struct freed {
  template <class T>
  void operator()(T* x) const {
    Free(x);
  }
};

using bio_ptr = std::unique_ptr<BIO, freed<BIO_free_all>>;
using certificate_ptr = std::unique_ptr<X509, freed<X509_free>>;
using extension_ptr
  = std::unique_ptr<X509_EXTENSION, freed<X509_EXTENSION_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed<EVP_PKEY_free>>;
using request_ptr = std::unique_ptr<X509_REQ, freed<X509_REQ_free>>;
using store_ptr = std::unique_ptr<X509_STORE, freed<X509_STORE_free>>;

/// Null if the text is no such thing in PEM. A key with a password is none.
certificate_ptr read_certificate(std::string_view pem);
key_ptr read_key(std::string_view pem);
request_ptr read_request(std::string_view pem);

std::string to_pem(X509* x);

/// SHA-256 of its DER form: 64 hexadecimal digits.
std::string fingerprint(X509* x);

/// Lower-case hexadecimal digits.
std::string serial_of(X509* x);

/// The node that a certificate is for, by its name `URI:quaero-node:NAME`; ""
/// if it has no such name or several.
std::string node_of(X509* x);

} // namespace quaero::crypto
