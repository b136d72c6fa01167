#!/bin/bash
# PID 1 of the node (started by up.sh in new namespaces). When it dies, everything in the node dies with it.
set -uo pipefail
set -x
R=$KC_RUN D=$KC_RUN/data PKI=$KC_RUN/pki
# --- mounts (seen only in here)
mount --make-rshared /
mount -t tmpfs -o mode=755 kc-cgroup /sys/fs/cgroup
while read -r ctl _; do
  n=${ctl#name=}; mkdir -p "/sys/fs/cgroup/$n"
  case $ctl in name=*) o=none,$ctl;; *) o=$ctl;; esac
  mount -t cgroup -o "$o" cgroup "/sys/fs/cgroup/$n"
done < "$R/cgroups"
mount -t tmpfs -o mode=755 kc-run /run; mkdir -p /run/netns /run/lock
for d in /var/lib/kubelet /var/lib/containerd /var/lib/cni /var/log/pods /var/log/containers /etc/cni/net.d; do
  mkdir -p "$d" "$D$d"; mount --bind "$D$d" "$d"; done
echo "nameserver $KC_NODE_IP" > "$D/resolv.conf"; mount --bind "$D/resolv.conf" /etc/resolv.conf
printf '127.0.0.1 localhost\n%s %s\n' "$KC_NODE_IP" "$KC_NODE" > "$D/hosts"; mount --bind "$D/hosts" /etc/hosts
# the kubelet wants these kernel settings and would set them for the whole machine: show it files instead
mkdir -p "$D/sysctl"
for s in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  f=$D/sysctl/$(echo "${s%=*}" | tr / _); echo "${s#*=}" > "$f"; mount --bind "$f" "/proc/sys/${s%=*}"; done
hostname "$KC_NODE"
# --- network: a veth to an empty namespace called "outside" (for clients and servers that are not in the cluster); no way further
ip link set lo up
ip netns add outside
ip link add eth0 type veth peer name eth0 netns outside
ip addr add "$KC_NODE_IP/24" dev eth0; ip link set eth0 up
ip -n outside link set lo up; ip -n outside addr add "$KC_OUT_IP/24" dev eth0; ip -n outside link set eth0 up
ip route add "$KC_SVC_CIDR" dev eth0 src "$KC_NODE_IP"; ip route add unreachable default
# what pods ask for outside comes from the node's address, as behind most network plugins
iptables -t nat -A POSTROUTING -s "$KC_POD_CIDR" -o eth0 -j MASQUERADE
sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1
cat > /etc/cni/net.d/10-bridge.conflist <<C
{"cniVersion":"1.0.0","name":"certwright","plugins":[
 {"type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":false,"hairpinMode":true,
  "ipam":{"type":"host-local","ranges":[[{"subnet":"$KC_POD_CIDR"}]],"routes":[{"dst":"0.0.0.0/0"}]}},
 {"type":"portmap","capabilities":{"portMappings":true}}]}
C
# --- configuration
cat > "$D/containerd.toml" <<C
version = 2
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs","io.containerd.snapshotter.v1.zfs","io.containerd.snapshotter.v1.devmapper","io.containerd.snapshotter.v1.aufs"]
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:local"
  restrict_oom_score_adj = true   # lowering it needs CAP_SYS_RESOURCE, which a sandboxed root may lack
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
C
cat > "$D/kubelet.yaml" <<C
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $PKI/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $PKI/kubelet-server.crt
tlsPrivateKeyFile: $PKI/kubelet-server.key
clusterDNS: [$KC_DNS_IP]
clusterDomain: cluster.local
resolvConf: $D/resolv.conf
failSwapOn: false
evictionHard: {memory.available: 200Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
C
cat > "$D/proxy.yaml" <<C
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: $KC_PROXY_MODE
clusterCIDR: $KC_POD_CIDR
clientConnection: {kubeconfig: $PKI/proxy.kubeconfig}
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
C
# every request once, without bodies: which rights are used, and what is refused (tools/apiserver/audit.ts)
cat > "$D/audit-policy.yaml" <<C
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
C
# --- programs
run() { local n=$1; shift; "$@" > "$R/log/$n.log" 2>&1 & echo "$n $!" >> "$R/pids"; }
E=http://127.0.0.1:2379
run etcd etcd --data-dir "$D/etcd" --listen-client-urls $E --advertise-client-urls $E --listen-peer-urls http://127.0.0.1:2380 \
  --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster default=http://127.0.0.1:2380 --unsafe-no-fsync
run kube-apiserver "$KC_BIN/kube-apiserver" --etcd-servers=$E --bind-address=0.0.0.0 --advertise-address="$KC_NODE_IP" --secure-port=6443 \
  --tls-cert-file=$PKI/apiserver.crt --tls-private-key-file=$PKI/apiserver.key --client-ca-file=$PKI/ca.crt \
  --kubelet-client-certificate=$PKI/apiserver-kubelet.crt --kubelet-client-key=$PKI/apiserver-kubelet.key --kubelet-certificate-authority=$PKI/ca.crt \
  --kubelet-preferred-address-types=InternalIP \
  --requestheader-client-ca-file=$PKI/front-ca.crt --requestheader-allowed-names=front-proxy-client --requestheader-username-headers=X-Remote-User \
  --requestheader-group-headers=X-Remote-Group --requestheader-extra-headers-prefix=X-Remote-Extra- \
  --proxy-client-cert-file=$PKI/front-proxy.crt --proxy-client-key-file=$PKI/front-proxy.key --enable-aggregator-routing=true \
  --service-account-key-file=$PKI/sa.pub --service-account-signing-key-file=$PKI/sa.key --service-account-issuer=https://kubernetes.default.svc.cluster.local \
  --service-cluster-ip-range="$KC_SVC_CIDR" --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
  --audit-policy-file="$D/audit-policy.yaml" --audit-log-path="$R/log/audit.log" --audit-log-mode=blocking --audit-log-maxsize=4096 ${KC_APISERVER_ARGS:-}
run containerd containerd --config "$D/containerd.toml"
for _ in $(seq 100); do ctr version >/dev/null 2>&1 && break; sleep .1; done
for i in "$KC_IMG"/*.tar; do ctr -n k8s.io images import "$i"; done
for _ in $(seq 300); do curl -sk "https://127.0.0.1:6443/readyz" | grep -q ok && break; sleep .2; done
run kube-controller-manager "$KC_BIN/kube-controller-manager" --kubeconfig=$PKI/controller-manager.kubeconfig --leader-elect=false \
  --authentication-kubeconfig=$PKI/controller-manager.kubeconfig --authorization-kubeconfig=$PKI/controller-manager.kubeconfig \
  --service-account-private-key-file=$PKI/sa.key --root-ca-file=$PKI/ca.crt --use-service-account-credentials \
  --cluster-signing-cert-file=$PKI/ca.crt --cluster-signing-key-file=$PKI/ca.key --cluster-cidr="$KC_POD_CIDR" ${KC_KCM_ARGS:-}
run kube-scheduler "$KC_BIN/kube-scheduler" --kubeconfig=$PKI/scheduler.kubeconfig --leader-elect=false \
  --authentication-kubeconfig=$PKI/scheduler.kubeconfig --authorization-kubeconfig=$PKI/scheduler.kubeconfig
run kubelet "$KC_BIN/kubelet" --config="$D/kubelet.yaml" --kubeconfig=$PKI/kubelet.kubeconfig --hostname-override="$KC_NODE" --node-ip="$KC_NODE_IP" --v=2
run kube-proxy "$KC_BIN/kube-proxy" --config="$D/proxy.yaml" --hostname-override="$KC_NODE" --v=2
set +x
while :; do wait -n 2>/dev/null; sleep 1; done
