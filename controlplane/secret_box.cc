#include "controlplane/secret_box.h"

#include "base/crypto/crypto.h"

namespace sigil::controlplane {

namespace {

std::string bound_to(const DeploymentId& deployment, const std::string& name) {
  std::string text = deployment.text();
  text += '\0';
  return text + name;
}

}  // namespace

std::map<std::string, std::string> SecretBox::seal(const DeploymentId& deployment,
                                                   const Secrets& secrets) const {
  std::map<std::string, std::string> sealed;
  for (const auto& [name, secret] : secrets)
    sealed[name] = crypto::seal(key_, secret.reveal(), bound_to(deployment, name));
  return sealed;
}

Result<Secrets> SecretBox::open(const DeploymentId& deployment,
                                const std::map<std::string, std::string>& sealed) const {
  Secrets secrets;
  for (const auto& [name, bytes] : sealed) {
    auto plain = crypto::open(key_, bytes, bound_to(deployment, name));
    if (!plain)
      return fail(ErrorCode::internal, "E_INTERNAL",
                  "the secret " + name + " cannot be opened with keys/secrets.key",
                  "put the key file back that sealed it, or set the secret again: sigil deploy … "
                  "--secret " +
                      name);
    secrets.emplace(name, Secret(std::move(*plain)));
  }
  return secrets;
}

}  // namespace sigil::controlplane
