# Shared settings; every value can be overridden from the environment.
KC_HOME=${KC_HOME:-$(cd "$HERE/../.." && pwd)/.cache/node}   # everything built or written goes below here
KC_BIN=${KC_BIN:-$KC_HOME/bin}                 # binaries
KC_IMG=${KC_IMG:-$KC_HOME/images}              # *.tar images, all imported by up.sh
KC_RUN=${KC_RUN:-$KC_HOME/run}                 # state of the running cluster (wiped by up.sh)
KC_NAME=${KC_NAME:-certwright-node}            # name of its cgroups; with KC_RUN and KC_FORWARD also changed, several nodes can run

# All of these addresses exist only inside the cluster's own network namespace,
# which has no route to anything else.
KC_NODE=${KC_NODE:-node1}
KC_NODE_IP=${KC_NODE_IP:-10.77.0.2}
KC_OUT_IP=${KC_OUT_IP:-10.77.0.1}              # the host "outside" the cluster: ./kc ip netns exec outside CMD
KC_POD_CIDR=${KC_POD_CIDR:-10.244.0.0/24}
KC_SVC_CIDR=${KC_SVC_CIDR:-10.96.0.0/16}
KC_API_SVC_IP=${KC_API_SVC_IP:-10.96.0.1}
KC_DNS_IP=${KC_DNS_IP:-10.96.0.10}
KC_PROXY_MODE=${KC_PROXY_MODE:-iptables}       # or nftables
# host loopback port -> port on the node, "H:N H:N ..."
KC_FORWARD=${KC_FORWARD:-16444:6443}
