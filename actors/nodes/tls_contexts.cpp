#include "actors/nodes/tls_contexts.hpp"

#include "actors/nodes/crypto.hpp"

#include <arpa/inet.h>
#include <openssl/ssl.h>

#include <array>

namespace quaero {

namespace {

namespace ssl = boost::asio::ssl;

// For TLS 1.2: forward secrecy and authenticated encryption only.
constexpr const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

/// The place of what is ours in an SSL_CTX.
template <class T>
int place_of() {
  static const int out
    = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr,
                               [](void*, void* x, CRYPTO_EX_DATA*, int, long,
                                  void*) { delete static_cast<T*>(x); });
  return out;
}

template <class T>
void keep(SSL_CTX* at, T x) {
  SSL_CTX_set_ex_data(at, place_of<T>(), new T{std::move(x)});
}

template <class T>
const T* kept(X509_STORE_CTX* context) {
  auto* tls = static_cast<SSL*>(
    X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  return static_cast<const T*>(
    SSL_CTX_get_ex_data(SSL_get_SSL_CTX(tls), place_of<T>()));
}

struct pin {
  std::string fingerprint;
};

tls_context_ptr make_context(ssl::context::method method) {
  auto out = std::make_shared<ssl::context>(method);
  auto* raw = out->native_handle();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION
                             | SSL_OP_NO_TICKET
                             | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_cipher_list(raw, ciphers);
  // Nobody's certificates are chains of more than two.
  SSL_CTX_set_verify_depth(raw, 1);
  SSL_CTX_set_max_cert_list(raw, 16 * 1024);
  return out;
}

bool show(SSL_CTX* raw, const identity& x) {
  auto certificate = crypto::read_certificate(x.certificate);
  auto key = crypto::read_key(x.key);
  return certificate && key
         && SSL_CTX_use_certificate(raw, certificate.get()) == 1
         && SSL_CTX_use_PrivateKey(raw, key.get()) == 1
         && SSL_CTX_check_private_key(raw) == 1;
}

/// The authority beside the own certificate, for who knows its hash only.
bool trust(SSL_CTX* raw, const std::string& authority, bool and_show) {
  auto x = crypto::read_certificate(authority);
  return x && X509_STORE_add_cert(SSL_CTX_get_cert_store(raw), x.get()) == 1
         && (!and_show || SSL_CTX_add1_chain_cert(raw, x.get()) == 1);
}

int refuse(X509_STORE_CTX* context, int why) {
  X509_STORE_CTX_set_error(context, why);
  return 0;
}

/// The certificate must say what it is for; OpenSSL would take silence for
/// everything.
int check_node(int good, X509_STORE_CTX* context) {
  if (good != 1 || X509_STORE_CTX_get_error_depth(context) != 0)
    return good;
  auto* x = X509_STORE_CTX_get_current_cert(context);
  const auto node = crypto::node_of(x);
  if (X509_get_extended_key_usage(x) != XKU_SSL_CLIENT || node.empty())
    return refuse(context, X509_V_ERR_INVALID_PURPOSE);
  const auto* check = kept<node_check>(context);
  if (!(*check)(node, crypto::serial_of(x)).empty())
    return refuse(context, X509_V_ERR_CERT_REVOKED);
  return 1;
}

int check_hub(int good, X509_STORE_CTX* context) {
  if (good != 1 || X509_STORE_CTX_get_error_depth(context) != 0)
    return good;
  auto* x = X509_STORE_CTX_get_current_cert(context);
  if (X509_get_extended_key_usage(x) != XKU_SSL_SERVER)
    return refuse(context, X509_V_ERR_INVALID_PURPOSE);
  return 1;
}

/// Trusts the one certificate among those shown that has the pinned hash.
int check_pinned(X509_STORE_CTX* context, void*) {
  const auto* pinned = kept<pin>(context);
  auto* shown = X509_STORE_CTX_get0_untrusted(context);
  std::unique_ptr<STACK_OF(X509),
                  decltype([](STACK_OF(X509) * x) { sk_X509_free(x); })>
    trusted{sk_X509_new_null()};
  for (int i = 0; i < sk_X509_num(shown); ++i)
    if (crypto::fingerprint(sk_X509_value(shown, i)) == pinned->fingerprint)
      sk_X509_push(trusted.get(), sk_X509_value(shown, i));
  X509_STORE_CTX_set0_trusted_stack(context, trusted.get());
  return X509_verify_cert(context);
}

// Who names no protocol never gets here; that is found after the handshake.
int choose(SSL* tls, const unsigned char** out, unsigned char* out_bytes,
           const unsigned char* in, unsigned in_bytes, void*) {
  for (unsigned at = 0; at < in_bytes;) {
    const unsigned size = in[at];
    if (size + 1 > in_bytes - at)
      break;
    const std::string_view name{reinterpret_cast<const char*>(in + at + 1),
                                size};
    if (name == node_protocol || name == enrol_protocol) {
      *out = in + at + 1;
      *out_bytes = static_cast<unsigned char>(size);
      if (name == enrol_protocol)
        SSL_set_verify(tls, SSL_VERIFY_PEER, check_node);
      return SSL_TLSEXT_ERR_OK;
    }
    at += size + 1;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool is_address(const std::string& text) {
  std::array<unsigned char, 16> ignored{};
  return ::inet_pton(AF_INET, text.c_str(), ignored.data()) == 1
         || ::inet_pton(AF_INET6, text.c_str(), ignored.data()) == 1;
}

} // namespace

tls_context_ptr make_hub_context(const identity& hub,
                                 const std::string& authority,
                                 node_check check) {
  auto out = make_context(ssl::context::tls_server);
  auto* raw = out->native_handle();
  if (!show(raw, hub) || !trust(raw, authority, true))
    return nullptr;
  keep(raw, std::move(check));
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     check_node);
  SSL_CTX_set_alpn_select_cb(raw, choose, nullptr);
  return out;
}

tls_context_ptr make_node_context(const identity& node,
                                  const std::string& authority) {
  auto out = make_context(ssl::context::tls_client);
  auto* raw = out->native_handle();
  if (!show(raw, node) || !trust(raw, authority, false))
    return nullptr;
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, check_hub);
  return out;
}

tls_context_ptr make_joining_context(const std::string& fingerprint) {
  auto out = make_context(ssl::context::tls_client);
  auto* raw = out->native_handle();
  keep(raw, pin{fingerprint});
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, check_hub);
  SSL_CTX_set_cert_verify_callback(raw, check_pinned, nullptr);
  return out;
}

bool expect_hub(SSL* tls, const std::string& host, std::string_view protocol) {
  if (!is_host_name(host))
    return false;
  auto* wanted = SSL_get0_param(tls);
  if (is_address(host)) {
    if (X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) != 1)
      return false;
  } else {
    X509_VERIFY_PARAM_set_hostflags(wanted,
                                    X509_CHECK_FLAG_NO_WILDCARDS
                                      | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size()) != 1
        || SSL_set_tlsext_host_name(tls, host.c_str()) != 1)
      return false;
  }
  std::string names{static_cast<char>(protocol.size())};
  names += protocol;
  return SSL_set_alpn_protos(
           tls, reinterpret_cast<const unsigned char*>(names.data()),
           static_cast<unsigned>(names.size()))
         == 0;
}

std::string_view protocol_of(SSL* tls) {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(tls, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

bool peer_facts(SSL* tls, certificate_facts& out) {
  auto* x = SSL_get0_peer_certificate(tls);
  return x != nullptr && SSL_get_verify_result(tls) == X509_V_OK
         && read_facts(crypto::to_pem(x), out);
}

std::string handshake_failure(SSL* tls, const std::string& message) {
  const auto why = SSL_get_verify_result(tls);
  if (why == X509_V_OK || why == X509_V_ERR_UNSPECIFIED)
    return message;
  auto out
    = std::string{"its certificate: "} + X509_verify_cert_error_string(why);
  // Its dates are an hour wider than its life, and it is renewed in time.
  if (why == X509_V_ERR_CERT_NOT_YET_VALID
      || why == X509_V_ERR_CERT_HAS_EXPIRED)
    out += "; look at the clocks of both machines";
  return out;
}

} // namespace quaero
