#!/bin/bash
# Starts a one-node Kubernetes cluster in its own mount, PID, network, UTS, IPC and cgroup namespaces.
# Nothing on the machine outside them is changed but: one cgroup per controller, loopback ports (KC_FORWARD), $KC_RUN.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd); . "$HERE/env.sh"
[ -e "$KC_RUN/node.pid" ] && grep -qa node-init.sh "/proc/$(cat "$KC_RUN/node.pid")/cmdline" 2>/dev/null && { echo "already running in $KC_RUN; see down.sh"; exit 1; }
[ ! -e "$KC_RUN" ] || [ -d "$KC_RUN/pki" ] || { echo "$KC_RUN exists and is not a cluster's state: not touching it"; exit 1; }
[ -d /sys/fs/cgroup/memory ] || { echo "written for cgroup v1, which is not mounted here"; exit 1; }
for b in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet; do [ -x "$KC_BIN/$b" ] || { echo "no $b: run node tools/cluster/run.ts prepare"; exit 1; }; done
T0=$(date +%s.%N); t() { awk "BEGIN{printf \"%6.1fs %s\n\", $(date +%s.%N)-$T0, \"$*\"}"; }
"$HERE/down.sh" -q; rm -rf "$KC_RUN"; mkdir -p "$KC_RUN"/{pki,log,data}; cd "$KC_RUN/pki"

# --- certificates and kubeconfigs
EC="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650"
for ca in ca front-ca; do openssl req -x509 $EC -subj "/CN=certwright-$ca" -keyout $ca.key -out $ca.crt -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,digitalSignature 2>/dev/null; done
cert() { # NAME SUBJECT CA [SAN]
  openssl req $EC -subj "$2" -keyout "$1.key" -out "$1.csr" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA "$3.crt" -CAkey "$3.key" -CAcreateserial -days 3650 -out "$1.crt" \
    -extfile <(echo "extendedKeyUsage=serverAuth,clientAuth"; echo "keyUsage=critical,digitalSignature"; [ -z "${4:-}" ] || echo "subjectAltName=$4") 2>/dev/null; }
cert apiserver "/CN=kube-apiserver" ca "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,DNS:localhost,DNS:$KC_NODE,IP:127.0.0.1,IP:$KC_API_SVC_IP,IP:$KC_NODE_IP"
cert apiserver-kubelet "/O=system:masters/CN=kube-apiserver-kubelet-client" ca
cert front-proxy "/CN=front-proxy-client" front-ca
cert kubelet-server "/O=system:nodes/CN=system:node:$KC_NODE" ca "DNS:$KC_NODE,IP:$KC_NODE_IP"
openssl ecparam -name prime256v1 -genkey -noout -out sa.key; openssl ec -in sa.key -pubout -out sa.pub 2>/dev/null
kubeconfig() { # NAME SUBJECT SERVER
  cert "$1" "$2" ca
  cat > "$1.kubeconfig" <<K
apiVersion: v1
kind: Config
clusters: [{name: certwright, cluster: {server: "$3", certificate-authority-data: $(base64 -w0 ca.crt)}}]
users: [{name: $1, user: {client-certificate-data: $(base64 -w0 "$1.crt"), client-key-data: $(base64 -w0 "$1.key")}}]
contexts: [{name: certwright, context: {cluster: certwright, user: $1}}]
current-context: certwright
K
}
S=https://$KC_NODE_IP:6443
kubeconfig admin "/O=system:masters/CN=admin" $S
kubeconfig kubelet "/O=system:nodes/CN=system:node:$KC_NODE" $S
kubeconfig scheduler "/CN=system:kube-scheduler" $S
kubeconfig controller-manager "/CN=system:kube-controller-manager" $S
kubeconfig proxy "/CN=system:kube-proxy" $S
for f in $KC_FORWARD; do [ "${f#*:}" = 6443 ] && sed "s#$S#https://127.0.0.1:${f%:*}#" admin.kubeconfig > "$KC_RUN/kubeconfig"; done
t "certificates"

# --- the node: a cgroup below our own in each hierarchy, then new namespaces
: > "$KC_RUN/cgroups"
while IFS=: read -r _ ctl path; do
  case $ctl in "") continue;; name=*) d=/sys/fs/cgroup/${ctl#name=};; *) d=/sys/fs/cgroup/$ctl;; esac
  [ -d "$d" ] || continue
  g=$d${path%/}/$KC_NAME; mkdir -p "$g"
  case ,$ctl, in *,cpuset,*) echo 1 > "$g/cgroup.clone_children"; cat "$d${path%/}/cpuset.cpus" > "$g/cpuset.cpus"; cat "$d${path%/}/cpuset.mems" > "$g/cpuset.mems";; esac
  echo "$ctl $g" >> "$KC_RUN/cgroups"
done < /proc/self/cgroup
export KC_OUT_IP KC_HOME KC_BIN KC_IMG KC_RUN KC_NODE KC_NODE_IP KC_POD_CIDR KC_SVC_CIDR KC_API_SVC_IP KC_DNS_IP KC_PROXY_MODE
( while read -r _ g; do echo $BASHPID > "$g/cgroup.procs"; done < "$KC_RUN/cgroups"
  cd /; exec setsid unshare --fork --kill-child --pid --mount-proc --mount --net --uts --ipc --cgroup --propagation private \
    bash "$HERE/node-init.sh" ) < /dev/null > "$KC_RUN/log/node-init.log" 2>&1 &
U=$!; disown $U
for _ in $(seq 50); do P=$(cat /proc/$U/task/$U/children 2>/dev/null || true); [ -n "$P" ] && break; sleep .1; done
P=${P%% *}; echo "$P" > "$KC_RUN/node.pid"

# --- loopback ports of the machine into the node's network
: > "$KC_RUN/forward.pids"
for f in $KC_FORWARD; do
  setsid socat "TCP-LISTEN:${f%:*},bind=127.0.0.1,fork,reuseaddr" "EXEC:nsenter -t $P -n socat STDIO TCP\:$KC_NODE_IP\:${f#*:}" </dev/null >"$KC_RUN/log/forward-${f%:*}.log" 2>&1 &
  echo $! >> "$KC_RUN/forward.pids"; disown $!
done

w() { # what seconds command...
  local what=$1 n=$2; shift 2
  for _ in $(seq $((n*4))); do "$@" >/dev/null 2>&1 && { t "$what"; return; }; kill -0 "$P" 2>/dev/null || { echo "node died: see $KC_RUN/log"; tail -5 "$KC_RUN/log/node-init.log"; exit 1; }; sleep .25; done
  echo "timeout: $what (logs in $KC_RUN/log)"; exit 1; }
k() { "$HERE/kc" kubectl "$@"; }
w "apiserver ready" 90 k get --raw /readyz
w "node registered" 90 k get node "$KC_NODE"
w "node Ready" 120 sh -c "'$HERE/kc' kubectl get node $KC_NODE -o jsonpath='{.status.conditions[?(@.type==\"Ready\")].status}' | grep -q True"
if [ -s "$KC_IMG/coredns.tar" ]; then
  sed "s/@DNS_IP@/$KC_DNS_IP/; s/@NODE_IP@/$KC_NODE_IP/; s/@OUT_IP@/$KC_OUT_IP/" "$HERE/manifests/coredns.yaml" | k apply -f - >/dev/null
  w "CoreDNS ready" 120 sh -c "'$HERE/kc' kubectl -n kube-system get deploy coredns -o jsonpath='{.status.readyReplicas}' | grep -q 1"
fi
echo "inside: $HERE/kc kubectl ...    outside: KUBECONFIG=$KC_RUN/kubeconfig kubectl ..."
