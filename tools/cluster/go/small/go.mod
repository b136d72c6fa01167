module certwright.dev/cluster/small

go 1.26.0
