docker run \
  --security-opt seccomp=profiles/shop-web.json \
  --security-opt no-new-privileges:true \
  --cap-drop ALL \
  --cap-add CAP_CHOWN \
  --cap-add CAP_NET_BIND_SERVICE \
  --user 101:101 \
  --sysctl net.ipv4.ip_unprivileged_port_start=0 \
  --read-only \
  --volume shop-web-etc-nginx-conf.d:/etc/nginx/conf.d \
  --tmpfs /run:rw,nosuid,nodev,noexec,size=16m,mode=1777 \
  --tmpfs /var/cache/nginx:rw,nosuid,nodev,noexec,size=256m,mode=1777 \
  --memory 67108864b \
  --memory-swap 67108864b \
  --cpus 1.5 \
  --pids-limit 64 \
  --ulimit nofile=1024:1024 \
  --ipc private \
  nginx:1.25
