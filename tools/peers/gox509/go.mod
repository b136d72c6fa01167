module certwright.dev/tools/peers/gox509

go 1.24
