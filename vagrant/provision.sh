#!/bin/sh
# Installs the project in a Vagrant machine, in which no network is needed: the box has all that it depends on.
set -eu

cat >/usr/local/bin/llamas-bpf <<'END'
#!/usr/bin/python3
import sys
from llamas_bpf.cli import main
sys.exit(main())
END
chmod 755 /usr/local/bin/llamas-bpf

# Its pages are reached from outside through Vagrant's forwarded port only.
echo 'ARGS="--web.listen-address=127.0.0.1:9090"' >/etc/default/prometheus
install -m 644 /src/vagrant/prometheus.yml /etc/prometheus/prometheus.yml
systemctl enable --quiet prometheus
systemctl restart prometheus

llamas-bpf doctor
