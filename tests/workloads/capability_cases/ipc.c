// SPDX-License-Identifier: Apache-2.0
// Pipes, System V objects and message queues.
#include "cases.h"

CASE(pipe_size) {
  int ends[2];
  if (pipe(ends) != 0) return;
  told("F_SETPIPE_SZ", fcntl(ends[0], F_SETPIPE_SZ, 1 << 17));
}
CASE_WHERE(pipe_size_beyond_limit, no_sys_resource) {
  int ends[2];
  if (pipe(ends) != 0) return;
  told("F_SETPIPE_SZ", fcntl(ends[0], F_SETPIPE_SZ, 1 << 24));
}
CASE_WHERE(many_pipes, no_pipe_limit) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 4096;
  setrlimit(RLIMIT_NOFILE, &limit);
  int ends[2], made = 0;
  while (made < 1200 && pipe(ends) == 0) ++made;
  say("made=%d ", made);
}
CASE(shared_memory_own) {
  const int id = (int)told("shmget", shmget(IPC_PRIVATE, 4096, 0600));
  told("shmat", shmat(id, NULL, 0) == (void*)-1 ? -1 : 0);
  told("IPC_RMID", shmctl(id, IPC_RMID, NULL));
}
CASE(shared_memory_of_others) {
  told("shmat", shmat(victim.shm, NULL, 0) == (void*)-1 ? -1 : 0);
}
CASE(semaphore_of_others) {
  struct sembuf up = {0, 1, 0};
  told("semop", semop(victim.sem, &up, 1));
}
CASE(set_semaphore_of_others) {
  struct semid_ds info = {.sem_perm.mode = 0600, .sem_perm.uid = OTHER, .sem_perm.gid = OTHER};
  told("IPC_SET", semctl(victim.sem, 0, IPC_SET, &info));
}
CASE(message_of_others) {
  struct {
    long type;
    char text[4];
  } message = {1, "abc"};
  told("msgsnd", msgsnd(victim.msg, &message, 4, IPC_NOWAIT));
  told("msgrcv", msgrcv(victim.msg, &message, 4, 0, IPC_NOWAIT));
}
CASE_WHERE(message_queue, no_mqueue) {
  struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = 64};
  told("mq_open", mq_open("/syscarve-case", O_CREAT | O_RDWR, 0600, &attributes));
  mq_unlink("/syscarve-case");
}
static const char* no_large_queues(void) {
  return no_mqueue() ? no_mqueue() : no_sys_resource();
}
CASE_WHERE(large_message_queue, no_large_queues) {
  struct mq_attr attributes = {.mq_maxmsg = 200, .mq_msgsize = 64};
  told("mq_open", mq_open("/syscarve-case", O_CREAT | O_RDWR, 0600, &attributes));
  mq_unlink("/syscarve-case");
}
