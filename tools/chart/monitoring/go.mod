// The CustomResourceDefinitions of the Prometheus operator, for tests: nothing is built from it.
module certwright.dev/cluster/monitoring

go 1.26.0

require github.com/prometheus-operator/prometheus-operator v0.85.0
