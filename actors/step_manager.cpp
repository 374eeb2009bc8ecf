#include "actors/step_manager.hpp"

#include "actors/deadlines.hpp"

#include <memory>
#include <utility>

namespace quaero {

namespace {

caf::error no_worker(const std::string& type) {
  return make_error(ec::no_worker,
                    "no worker registered for step type: " + type);
}

std::string join(const std::vector<std::string>& sentences) {
  std::string out;
  for (const auto& x : sentences)
    out += (out.empty() ? "" : "; ") + x;
  return out;
}

} // namespace

const definition_worker_actor*
step_manager_state::find(const std::string& type) const {
  auto i = workers.find(type);
  return i == workers.end() ? nullptr : &i->second;
}

caf::typed_response_promise<std::vector<std::string>>
step_manager_state::on_validate(const step& x) {
  auto reply = self->make_response_promise<std::vector<std::string>>();
  const auto* worker = find(x.type);
  if (worker == nullptr) {
    reply.deliver(no_worker(x.type));
    return reply;
  }
  self->request(*worker, answer_deadline, atom::validate_v, x)
    .then(
      [reply](std::vector<std::string>& problems) mutable {
        reply.deliver(std::move(problems));
      },
      [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  return reply;
}

caf::typed_response_promise<init_result>
step_manager_state::on_init(const step_context& x) {
  auto reply = self->make_response_promise<init_result>();
  const auto* worker = find(x.definition.type);
  if (worker == nullptr) {
    reply.deliver(no_worker(x.definition.type));
    return reply;
  }
  auto context = std::make_shared<step_context>(x);
  self->request(*worker, answer_deadline, atom::validate_v, x.definition)
    .then(
      [this, reply, context](const std::vector<std::string>& problems) {
        init_validated(reply, *context, problems);
      },
      [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  return reply;
}

void step_manager_state::init_validated(
  caf::typed_response_promise<init_result> reply, const step_context& x,
  const std::vector<std::string>& problems) {
  if (!problems.empty()) {
    reply.deliver(make_error(ec::invalid_argument,
                             "invalid step configuration: " + join(problems)));
    return;
  }
  self->request(*find(x.definition.type), step_deadline, atom::init_v, x)
    .then(
      [reply](init_result& found) mutable { reply.deliver(std::move(found)); },
      [reply](caf::error& e) mutable {
        reply.deliver(make_error(ec::worker_failed,
                                 "worker init failed: " + message_of(e)));
      });
}

caf::typed_response_promise<step_output>
step_manager_state::on_create(const step_context& x, const init_result& found) {
  auto reply = self->make_response_promise<step_output>();
  const auto* worker = find(x.definition.type);
  if (worker == nullptr) {
    reply.deliver(no_worker(x.definition.type));
    return reply;
  }
  self->request(*worker, step_deadline, atom::create_v, x, found)
    .then([reply](step_output& out) mutable { reply.deliver(std::move(out)); },
          [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  return reply;
}

void step_manager_state::on_forget(const std::string& type, const job_id& id) {
  if (const auto* worker = find(type))
    self->send(*worker, atom::forget_v, id);
}

step_manager_actor::behavior_type
step_manager(step_manager_actor::stateful_pointer<step_manager_state> self,
             definition_workers workers) {
  self->state.workers = std::move(workers);
  return {
    [self](atom::status) {
      auto types = static_cast<int64_t>(self->state.workers.size());
      return actor_status{
        self->state.name, self->mailbox().size(), {{"worker_types", types}}};
    },
    [self](atom::validate, const step& x) {
      return self->state.on_validate(x);
    },
    [self](atom::init, const step_context& x) {
      return self->state.on_init(x);
    },
    [self](atom::create, const step_context& x, const init_result& found) {
      return self->state.on_create(x, found);
    },
    [self](atom::forget, const std::string& type, const job_id& id) {
      self->state.on_forget(type, id);
    },
  };
}

} // namespace quaero
