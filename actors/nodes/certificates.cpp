#include "actors/nodes/certificates.hpp"

#include "actors/nodes/crypto.hpp"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace quaero {

using namespace crypto;

namespace {

constexpr std::string_view node_uri = "quaero-node:";
constexpr size_t host_name_bytes_max = 253;

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9');
}

bool is_address(const std::string& text) {
  std::array<unsigned char, 16> ignored{};
  return ::inet_pton(AF_INET, text.c_str(), ignored.data()) == 1
         || ::inet_pton(AF_INET6, text.c_str(), ignored.data()) == 1;
}

std::string to_hex(const unsigned char* bytes, size_t n) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (size_t i = 0; i < n; ++i) {
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
  return out;
}

bio_ptr view(std::string_view pem) {
  return bio_ptr{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
}

template <class F>
std::string written(F&& f) {
  bio_ptr to{BIO_new(BIO_s_mem())};
  if (!to || f(to.get()) != 1)
    return {};
  char* text = nullptr;
  auto size = BIO_get_mem_data(to.get(), &text);
  return {text, static_cast<size_t>(size)};
}

// OpenSSL would ask a terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

std::time_t seconds_of(timestamp x) {
  return std::chrono::duration_cast<std::chrono::seconds>(x.time_since_epoch())
    .count();
}

timestamp time_of(const ASN1_TIME* x) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(x, &parts) != 1)
    return {};
  return timestamp{std::chrono::seconds{timegm(&parts)}};
}

bool set_name(X509_NAME* name, const std::string& subject) {
  return X509_NAME_add_entry_by_txt(
           name, "CN", MBSTRING_UTF8,
           reinterpret_cast<const unsigned char*>(subject.data()),
           static_cast<int>(subject.size()), -1, 0)
         == 1;
}

bool set_serial(X509* x) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1)
    return false;
  bytes[0] = (bytes[0] & 0x7F) | 0x40; // Positive, and of one length.
  std::unique_ptr<BIGNUM, freed<BN_free>> number{
    BN_bin2bn(bytes.data(), bytes.size(), nullptr)};
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x));
}

bool extend(X509* x, X509* issuer, int nid, const std::string& text) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, x, nullptr, nullptr, 0);
  extension_ptr made{X509V3_EXT_conf_nid(nullptr, &context, nid, text.c_str())};
  return made && X509_add_ext(x, made.get(), -1) == 1;
}

std::string other_names(const certificate_terms& terms) {
  if (terms.use == certificate_use::node)
    return "URI:" + std::string{node_uri} + terms.subject;
  std::string out;
  for (const auto& host : terms.hosts)
    out += (out.empty() ? "" : ",")
           + std::string{is_address(host) ? "IP:" : "DNS:"} + host;
  return out;
}

bool set_use(X509* x, X509* issuer, const certificate_terms& terms) {
  const bool vouches = terms.use == certificate_use::authority;
  if (!extend(x, issuer, NID_basic_constraints,
              vouches ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE")
      || !extend(x, issuer, NID_key_usage,
                 vouches ? "critical,keyCertSign,cRLSign"
                         : "critical,digitalSignature")
      || !extend(x, issuer, NID_subject_key_identifier, "hash"))
    return false;
  if (vouches)
    return true;
  return extend(x, issuer, NID_authority_key_identifier, "keyid:always")
         && extend(x, issuer, NID_ext_key_usage,
                   terms.use == certificate_use::hub ? "serverAuth"
                                                     : "clientAuth")
         && extend(x, issuer, NID_subject_alt_name, other_names(terms));
}

bool terms_hold(const certificate_terms& x) {
  if (x.until <= x.from || x.subject.empty())
    return false;
  if (x.use == certificate_use::node)
    return is_node_name(x.subject);
  if (x.use == certificate_use::hub)
    return !x.hosts.empty()
           && std::all_of(x.hosts.begin(), x.hosts.end(), is_host_name);
  return true;
}

/// Null `issuer`: it vouches for itself.
std::string sign(X509* issuer, EVP_PKEY* signer, EVP_PKEY* key,
                 const certificate_terms& terms) {
  certificate_ptr x{X509_new()};
  if (!terms_hold(terms) || !x || X509_set_version(x.get(), 2) != 1
      || !set_serial(x.get())
      || !ASN1_TIME_set(X509_getm_notBefore(x.get()), seconds_of(terms.from))
      || !ASN1_TIME_set(X509_getm_notAfter(x.get()), seconds_of(terms.until))
      || X509_set_pubkey(x.get(), key) != 1
      || !set_name(X509_get_subject_name(x.get()), terms.subject))
    return {};
  auto* by = issuer != nullptr ? issuer : x.get();
  if (X509_set_issuer_name(x.get(), X509_get_subject_name(by)) != 1
      || !set_use(x.get(), by, terms)
      || X509_sign(x.get(), signer, EVP_sha256()) == 0)
    return {};
  return to_pem(x.get());
}

bool is_p256(EVP_PKEY* key) {
  std::array<char, 64> name{};
  size_t size = 0;
  return key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC
         && EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) == 1
         && std::string_view{name.data(), size} == "prime256v1";
}

key_ptr key_of_request(const std::string& text) {
  auto request = read_request(text);
  if (!request)
    return nullptr;
  key_ptr key{X509_REQ_get_pubkey(request.get())};
  if (!is_p256(key.get()) || X509_REQ_verify(request.get(), key.get()) != 1)
    return nullptr;
  return key;
}

std::string_view text_of(const ASN1_STRING* x) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(x)),
          static_cast<size_t>(ASN1_STRING_length(x))};
}

std::string address_text(const ASN1_OCTET_STRING* x) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  const auto family = ASN1_STRING_length(x) == 4 ? AF_INET : AF_INET6;
  if (ASN1_STRING_length(x) != 4 && ASN1_STRING_length(x) != 16)
    return {};
  ::inet_ntop(family, ASN1_STRING_get0_data(x), out.data(), out.size());
  return out.data();
}

template <class F>
void for_each_name(X509* x, F&& f) {
  std::unique_ptr<GENERAL_NAMES, freed<GENERAL_NAMES_free>> all{
    static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(x, NID_subject_alt_name, nullptr, nullptr))};
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i)
    f(*sk_GENERAL_NAME_value(all.get(), i));
}

} // namespace

// -- what OpenSSL gives -------------------------------------------------------

namespace crypto {

certificate_ptr read_certificate(std::string_view pem) {
  auto from = view(pem);
  return certificate_ptr{
    PEM_read_bio_X509(from.get(), nullptr, no_password, nullptr)};
}

key_ptr read_key(std::string_view pem) {
  auto from = view(pem);
  return key_ptr{
    PEM_read_bio_PrivateKey(from.get(), nullptr, no_password, nullptr)};
}

request_ptr read_request(std::string_view pem) {
  auto from = view(pem);
  return request_ptr{
    PEM_read_bio_X509_REQ(from.get(), nullptr, no_password, nullptr)};
}

std::string to_pem(X509* x) {
  return written([&](BIO* to) { return PEM_write_bio_X509(to, x); });
}

std::string fingerprint(X509* x) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  if (X509_digest(x, EVP_sha256(), out.data(), &size) != 1)
    return {};
  return to_hex(out.data(), size);
}

std::string serial_of(X509* x) {
  const auto* serial = X509_get0_serialNumber(x);
  return to_hex(ASN1_STRING_get0_data(serial),
                static_cast<size_t>(ASN1_STRING_length(serial)));
}

std::string node_of(X509* x) {
  std::string out;
  size_t names = 0;
  for_each_name(x, [&](const GENERAL_NAME& name) {
    ++names;
    if (name.type != GEN_URI)
      return;
    auto text = text_of(name.d.uniformResourceIdentifier);
    if (text.starts_with(node_uri)
        && is_node_name(text.substr(node_uri.size())))
      out = text.substr(node_uri.size());
  });
  return names == 1 ? out : std::string{};
}

} // namespace crypto

// -- texts --------------------------------------------------------------------

bool is_node_name(std::string_view name) {
  return !name.empty() && name.size() <= node_name_bytes_max
         && is_alnum(name[0])
         && std::all_of(name.begin(), name.end(), [](char c) {
              return is_alnum(c) || c == '-' || c == '_' || c == '.';
            });
}

bool is_host_name(std::string_view name) {
  if (is_address(std::string{name}))
    return true;
  return !name.empty() && name.size() <= host_name_bytes_max
         && is_alnum(name[0])
         && std::all_of(name.begin(), name.end(), [](char c) {
              return is_alnum(c) || c == '-' || c == '.';
            });
}

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> out{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         out.data());
  return to_hex(out.data(), out.size());
}

std::string make_key() {
  key_ptr made{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
  if (!made)
    return {};
  return written([&](BIO* to) {
    return PEM_write_bio_PKCS8PrivateKey(to, made.get(), nullptr, nullptr, 0,
                                         nullptr, nullptr);
  });
}

std::string make_request(const std::string& key, const std::string& subject) {
  auto own = read_key(key);
  request_ptr made{X509_REQ_new()};
  if (!own || !made || X509_REQ_set_pubkey(made.get(), own.get()) != 1
      || !set_name(X509_REQ_get_subject_name(made.get()), subject)
      || X509_REQ_sign(made.get(), own.get(), EVP_sha256()) == 0)
    return {};
  return written(
    [&](BIO* to) { return PEM_write_bio_X509_REQ(to, made.get()); });
}

std::string requested_key(const std::string& request) {
  auto key = key_of_request(request);
  unsigned char* der = nullptr;
  const auto size = key ? i2d_PUBKEY(key.get(), &der) : -1;
  if (size <= 0)
    return {};
  auto out = sha256_hex(
    {reinterpret_cast<const char*>(der), static_cast<size_t>(size)});
  OPENSSL_free(der);
  return out;
}

std::string sign_authority(const std::string& key,
                           const certificate_terms& terms) {
  auto own = read_key(key);
  if (!own || terms.use != certificate_use::authority)
    return {};
  return sign(nullptr, own.get(), own.get(), terms);
}

std::string sign_request(const identity& authority, const std::string& request,
                         const certificate_terms& terms) {
  auto issuer = crypto::read_certificate(authority.certificate);
  auto signer = read_key(authority.key);
  auto key = key_of_request(request);
  if (!issuer || !signer || !key || terms.use == certificate_use::authority)
    return {};
  return sign(issuer.get(), signer.get(), key.get(), terms);
}

bool read_facts(const std::string& certificate, certificate_facts& out) {
  auto x = crypto::read_certificate(certificate);
  if (!x)
    return false;
  certificate_facts facts;
  const auto use = X509_get_extended_key_usage(x.get());
  if (X509_check_ca(x.get()) == 1)
    facts.use = certificate_use::authority;
  else if (use == XKU_SSL_SERVER)
    facts.use = certificate_use::hub;
  else if (use == XKU_SSL_CLIENT)
    facts.use = certificate_use::node;
  else
    return false;
  if (facts.use == certificate_use::node)
    facts.node = node_of(x.get());
  facts.serial = serial_of(x.get());
  facts.fingerprint = fingerprint(x.get());
  for_each_name(x.get(), [&](const GENERAL_NAME& name) {
    if (name.type == GEN_DNS)
      facts.hosts.emplace_back(text_of(name.d.dNSName));
    if (name.type == GEN_IPADD)
      facts.hosts.push_back(address_text(name.d.iPAddress));
  });
  facts.from = time_of(X509_get0_notBefore(x.get()));
  facts.until = time_of(X509_get0_notAfter(x.get()));
  out = std::move(facts);
  return true;
}

bool belongs(const identity& x) {
  auto certificate = crypto::read_certificate(x.certificate);
  auto key = read_key(x.key);
  return certificate && key
         && X509_check_private_key(certificate.get(), key.get()) == 1;
}

} // namespace quaero
