#!/bin/bash
# Installs the Gateway API CRDs (from the Go module that Traefik was built with) and Traefik into the running cluster.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd); . "$HERE/env.sh"
[ -s "$KC_IMG/traefik.tar" ] || { echo "no Traefik: run node tools/cluster/run.ts prepare"; exit 1; }
"$HERE/kc" ctr -n k8s.io images ls -q | grep -q '^localhost/traefik:local$' || "$HERE/kc" ctr -n k8s.io images import "$KC_IMG/traefik.tar"
GO=$(command -v go || echo /usr/local/go/bin/go)
# "download" says where it is, and fetches it where Go's cache was emptied since the build
GW=$(cd "$HERE/go/traefik" && "$GO" mod download -json sigs.k8s.io/gateway-api | sed -n 's/^\t"Dir": "\(.*\)",\?$/\1/p')
[ -d "$GW" ] || { echo "no Gateway API module"; exit 1; }
# the "experimental" channel also has the TCPRoute, TLSRoute and BackendTLSPolicy kinds that Traefik can watch
for f in "$GW"/config/crd/${KC_GATEWAY_CHANNEL:-standard}/*.yaml; do echo ---; cat "$f"; done | "$HERE/kc" kubectl apply --server-side -f - | wc -l
"$HERE/kc" kubectl wait --for=condition=Established --timeout=60s crd/gateways.gateway.networking.k8s.io crd/httproutes.gateway.networking.k8s.io >/dev/null
sed "s/@NODE_IP@/$KC_NODE_IP/" "$HERE/manifests/traefik.yaml" | "$HERE/kc" kubectl apply -f - >/dev/null
"$HERE/kc" kubectl -n traefik rollout status deploy/traefik --timeout=120s
