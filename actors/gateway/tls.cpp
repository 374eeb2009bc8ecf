#include "actors/gateway/tls.hpp"

#include <boost/asio/ssl.hpp>

#include <cstring>
#include <fstream>

namespace quaero {

namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using tcp = asio::ip::tcp;
using boost::system::error_code;

/// As much as TLS puts into one record.
constexpr size_t record_bytes = 16 * 1024;

// For TLS 1.2: forward secrecy and authenticated encryption only. All that
// TLS 1.3 knows is like that.
constexpr const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

class tls final : public line {
public:
  tls(tcp::socket socket, tls_context context)
    : context_{std::move(context)}, stream_{std::move(socket), *context_} {}

  void open(owner who) override {
    stream_.async_handshake(
      ssl::stream_base::server,
      [who = std::move(who)](error_code failed) { who->on_open(failed); });
  }

  void read(asio::mutable_buffer into, owner who) override {
    stream_.async_read_some(
      asio::mutable_buffers_1{into},
      [who = std::move(who)](error_code failed, size_t n) {
        who->on_read(failed, n);
      });
  }

  // Small pieces share a record, and so a call of the system.
  void write(byte_view from, owner who) override {
    staged_.clear();
    for (const auto& x : from) {
      auto n = std::min(x.size(), record_bytes - staged_.size());
      staged_.append(static_cast<const char*>(x.data()), n);
      if (staged_.size() == record_bytes)
        break;
    }
    asio::async_write(stream_, asio::buffer(staged_),
                      [who = std::move(who)](error_code failed, size_t n) {
                        who->on_written(failed, n);
                      });
  }

  void finish(owner who) override {
    stream_.async_shutdown([this, who = std::move(who)](error_code) {
      error_code ignored;
      stream_.next_layer().shutdown(tcp::socket::shutdown_send, ignored);
      who->on_finished();
    });
  }

  void read_rest(asio::mutable_buffer into, owner who) override {
    stream_.next_layer().async_read_some(
      asio::mutable_buffers_1{into},
      [who = std::move(who)](error_code failed, size_t n) {
        who->on_read(failed, n);
      });
  }

  void close() override {
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

private:
  tls_context context_;
  ssl::stream<tcp::socket> stream_;
  std::string staged_;
};

// OpenSSL says "no such file" in too many words, and "no start line" for what
// is no certificate.
std::string why_unusable(const std::string& path, const char* what,
                         const error_code& failed) {
  std::ifstream in{path};
  if (!in.is_open() || in.peek() == std::ifstream::traits_type::eof())
    return "cannot read " + path + ": "
           + (in.is_open() ? "it is empty or no file" : std::strerror(errno));
  return path + " is no " + what + " in PEM: " + failed.message();
}

std::string load_identity(const std::string& certificate,
                          const std::string& key, ssl::context& out) {
  error_code failed;
  // A key that asks for a password would make the daemon wait for a terminal.
  out.set_password_callback(
    [](size_t, ssl::context::password_purpose) { return std::string{}; },
    failed);
  out.use_certificate_chain_file(certificate, failed);
  if (failed)
    return "tls.certificate: "
           + why_unusable(certificate, "certificate", failed);
  out.use_private_key_file(key, ssl::context::pem, failed);
  const auto mismatch
    = failed
      && ERR_GET_REASON(static_cast<unsigned long>(failed.value()))
           == X509_R_KEY_VALUES_MISMATCH;
  if (failed && !mismatch)
    return "tls.key: " + why_unusable(key, "key without a password", failed);
  if (mismatch || SSL_CTX_check_private_key(out.native_handle()) != 1)
    return "tls.key: " + key + " is not the key of the certificate "
           + certificate;
  return {};
}

} // namespace

std::string load_tls(const std::string& certificate, const std::string& key,
                     tls_context& out) {
  if (certificate.empty())
    return "tls.certificate is missing; tls.key is of no use without it";
  if (key.empty())
    return "tls.key is missing; tls.certificate is of no use without it";
  auto made = std::make_shared<ssl::context>(ssl::context::tls_server);
  auto* raw = made->native_handle();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION
                             | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_cipher_list(raw, ciphers);
  if (auto why = load_identity(certificate, key, *made); !why.empty())
    return why;
  out = std::move(made);
  return {};
}

std::unique_ptr<line> tls_line(tcp::socket socket, const tls_context& context) {
  return std::make_unique<tls>(std::move(socket), context);
}

} // namespace quaero
