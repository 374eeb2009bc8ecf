#include "actors/nodes/caf_end.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/stream_impl.hpp>
#include <caf/message.hpp>
#include <caf/policy/tcp.hpp>
#include <caf/send.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <unistd.h>

namespace quaero {

namespace {

namespace io = caf::io;
using io::network::default_multiplexer;

/// CAF looks actors up by a port that was published, so there is a number for
/// it. Nothing listens there.
constexpr uint16_t no_port = 1;

// CAF takes the number of the descriptor for the connection's handle and gives
// up a connection some time after its descriptor is closed. Another one with
// the same descriptor would then be given up in its place. So each has a handle
// of its own, beyond all descriptors.
io::connection_handle new_handle() {
  static std::atomic<int64_t> last{int64_t{1} << 40};
  return io::connection_handle::from_int(++last);
}

/// One end of a socket pair as CAF reads and writes it. As CAF's own, but for
/// its handle, its limit, and its end: what CAF gives up is closed at once, and
/// not after the other side has taken all.
/// Threads: CAF's network thread, but for the constructor.
class bounded_scribe final : public io::scribe {
public:
  bounded_scribe(default_multiplexer& mpx, int socket, size_t bytes_max)
    : scribe{new_handle()}, socket_{socket}, bytes_max_{bytes_max}, stream_{
                                                                      mpx,
                                                                      socket} {}

  void configure_read(io::receive_policy::config config) override {
    stream_.configure_read(config);
    if (!std::exchange(started_, true))
      stream_.start(this);
  }

  void ack_writes(bool enable) override { stream_.ack_writes(enable); }

  std::vector<char>& wr_buf() override { return stream_.wr_buf(); }

  std::vector<char>& rd_buf() override { return stream_.rd_buf(); }

  void graceful_shutdown() override {
    end();
    detach(&stream_.backend(), false);
  }

  void flush() override {
    if (ended_ || stream_.wr_buf().size() > bytes_max_)
      return end();
    stream_.flush(this);
  }

  std::string addr() const override { return {}; }

  uint16_t port() const override { return 0; }

  void add_to_loop() override { stream_.activate(this); }

  void remove_from_loop() override { stream_.passivate(); }

private:
  // The network thread then reads the end, which makes CAF clean up.
  void end() {
    if (!std::exchange(ended_, true))
      ::shutdown(socket_, SHUT_RDWR);
    std::vector<char>{}.swap(stream_.wr_buf());
  }

  int socket_;
  size_t bytes_max_;
  bool started_ = false;
  bool ended_ = false;
  io::network::stream_impl<caf::policy::tcp> stream_;
};

caf::node_id to_id(const caf_node& x) {
  constexpr size_t kind_bytes = 8;
  uint32_t process = 0;
  for (size_t i = 0; i < sizeof(process); ++i)
    process = process << 8 | static_cast<uint8_t>(x[kind_bytes + i]);
  caf::node_id::default_data::host_id_type host;
  std::memcpy(host.data(), x.data() + kind_bytes + sizeof(process),
              host.size());
  return caf::make_node_id(process, host);
}

/// What both ends share.
class caf_end : public line_end, public std::enable_shared_from_this<caf_end> {
public:
  caf_end(caf::actor_system& sys, default_multiplexer& mpx,
          caf_end_limits limits)
    : sys_{sys}, mpx_{mpx}, limits_{limits},
      broker_{sys.middleman().named_broker<io::basp_broker>(caf::atom("BASP"))},
      self_{process_of(sys, sys.node())} {}

  caf_node self() const override { return self_; }

  void attach(int socket, const caf_node& peer,
              std::function<void(end_verdict)> done) override {
    // In the thread of the broker, whose table of connections is asked.
    mpx_.post([self = shared_from_this(), socket, id = to_id(peer),
               done = std::move(done)] {
      auto* ptr = static_cast<io::basp_broker*>(
        caf::actor_cast<caf::abstract_actor*>(self->broker_));
      if (ptr->getf(caf::abstract_actor::is_terminated_flag)) {
        ::close(socket);
        return done(end_verdict::closed);
      }
      // CAF would take the new connection for another way to a known process
      // and, at its client's end, close it.
      if (ptr->instance.tbl().lookup_direct(id))
        return done(end_verdict::busy);
      self->give(*ptr, caf::make_counted<bounded_scribe>(
                         self->mpx_, socket, self->limits_.backlog_bytes_max));
      done(end_verdict::taken);
    });
  }

protected:
  /// In the broker's thread.
  virtual void give(io::basp_broker& broker, io::scribe_ptr line) = 0;

  caf::actor_system& sys_;
  default_multiplexer& mpx_;
  caf_end_limits limits_;
  caf::actor broker_;
  caf_node self_;
};

class hub_end final : public caf_end {
public:
  hub_end(caf::actor_system& sys, default_multiplexer& mpx,
          caf_end_limits limits, caf::strong_actor_ptr gate,
          std::set<std::string> interface)
    : caf_end{sys, mpx, limits}, gate_{std::move(gate)}, interface_{std::move(
                                                           interface)} {}

protected:
  void give(io::basp_broker&, io::scribe_ptr line) override {
    caf::anon_send(broker_, caf::publish_atom_v, std::move(line), no_port,
                   gate_, interface_);
  }

private:
  caf::strong_actor_ptr gate_;
  std::set<std::string> interface_;
};

class node_end final : public caf_end {
public:
  node_end(caf::actor_system& sys, default_multiplexer& mpx,
           caf_end_limits limits, std::set<std::string> expected, on_gate told)
    : caf_end{sys, mpx, limits}, expected_{std::move(expected)}, told_{
                                                                   std::move(
                                                                     told)} {}

protected:
  // CAF would take a new connection for one that has been silent for ever, if
  // it looks before the first byte is read. So it finds one that spoke just
  // now.
  void give(io::basp_broker& broker, io::scribe_ptr line) override {
    const auto hdl = line->hdl();
    broker.ctx.emplace(
      hdl, io::basp::endpoint_context{
             io::basp::await_header,
             io::basp::header{io::basp::message_type::server_handshake, 0, 0, 0,
                              caf::invalid_actor_id, caf::invalid_actor_id},
             hdl, caf::node_id{}, 0, 0, caf::none, broker.clock().now()});
    auto end = std::static_pointer_cast<node_end>(shared_from_this());
    sys_.spawn<caf::hidden>([end, line](caf::event_based_actor* self) mutable {
      self
        ->request(end->broker_, end->limits_.handshake_timeout,
                  caf::connect_atom_v, std::move(line), no_port)
        .then(
          [end](caf::node_id&, caf::strong_actor_ptr& gate,
                std::set<std::string>& interface) {
            end->on_answer(std::move(gate), interface);
          },
          [end](caf::error& failed) { end->told_(std::move(failed)); });
    });
  }

private:
  void on_answer(caf::strong_actor_ptr gate,
                 const std::set<std::string>& interface) {
    if (!gate)
      return told_(caf::make_error(caf::sec::no_actor_published_at_port));
    if (!sys_.assignable(interface, expected_))
      return told_(
        caf::make_error(caf::sec::unexpected_actor_messaging_interface));
    told_(std::move(gate));
  }

  std::set<std::string> expected_;
  on_gate told_;
};

default_multiplexer* network_of(caf::actor_system& sys) {
  if (!sys.has_middleman())
    return nullptr;
  return dynamic_cast<default_multiplexer*>(&sys.middleman().backend());
}

} // namespace

void use_nodes(caf::actor_system_config& config) {
  config.load<io::middleman>();
  config.set("middleman.heartbeat-interval", caf::timespan{heartbeat_interval});
  config.set("middleman.connection-timeout", caf::timespan{silence_max});
  config.set("middleman.enable-automatic-connections", false);
}

line_end_ptr make_hub_end(caf::actor_system& sys, caf::strong_actor_ptr gate,
                          std::set<std::string> interface,
                          caf_end_limits limits) {
  auto* mpx = network_of(sys);
  if (mpx == nullptr)
    return nullptr;
  return std::make_shared<hub_end>(sys, *mpx, limits, std::move(gate),
                                   std::move(interface));
}

line_end_ptr make_node_end(caf::actor_system& sys,
                           std::set<std::string> expected, on_gate told,
                           caf_end_limits limits) {
  auto* mpx = network_of(sys);
  if (mpx == nullptr)
    return nullptr;
  return std::make_shared<node_end>(sys, *mpx, limits, std::move(expected),
                                    std::move(told));
}

caf_node process_of(caf::actor_system& sys, const caf::node_id& id) {
  std::vector<char> bytes;
  caf::binary_serializer sink{sys, bytes};
  caf_node out{};
  if (!sink(id) && bytes.size() == out.size())
    std::memcpy(out.data(), bytes.data(), out.size());
  return out;
}

std::string type_names(caf::actor_system& sys, const caf::message& x) {
  std::string out = "@<>";
  for (size_t i = 0; i < x.size(); ++i)
    out += "+" + sys.types().portable_name(x.type(i));
  return out;
}

} // namespace quaero
