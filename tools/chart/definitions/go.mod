// CustomResourceDefinitions of other projects, for tests: nothing is built from it.
module certwright.dev/cluster/definitions

go 1.26.0

require (
	github.com/prometheus-operator/prometheus-operator v0.85.0
	sigs.k8s.io/gateway-api v1.5.1
)
