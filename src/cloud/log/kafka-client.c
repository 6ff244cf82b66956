/* SPDX-License-Identifier: Apache-2.0 */
/*
 * librdkafka's settings (its CONFIGURATION.md). A fixed list: what an administrator may choose goes
 * through the options, so that nobody turns off what the log's promises rest on, nor makes librdkafka
 * load a library or start a program (Kerberos does).
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cloud/log/kafka-priv.h"
#include "sys/fd.h"

enum { SECRET_MAX = 4096, NUMBER = 16 };

struct setting {
	const char *name, *value;
};

static const struct setting of_all[] = {
	{"client.id", "wardcloud"},
	{"socket.timeout.ms", "10000"}, /* a broker that hangs is as good as one that is gone */
	{"socket.connection.setup.timeout.ms", "5000"},
	{"socket.nagle.disable", "true"},
	{"socket.keepalive.enable", "true"},
	{"reconnect.backoff.ms", "100"},
	{"reconnect.backoff.max.ms", "1000"},
};

static const struct setting of_producers[] = {
	{"enable.idempotence", "true"},
	{"acks", "all"},
	{"linger.ms", "2"},
	{"compression.type", "lz4"},
	{"queue.buffering.max.messages", "10000000"}, /* the log counts bytes itself */
	{"queue.buffering.max.kbytes", "2147483647"},
};

static const struct setting of_consumers[] = {
	{"enable.partition.eof", "true"}, /* where a partition ends in marks without records */
	{"auto.offset.reset", "error"},	  /* never read from somewhere else in silence */
	{"enable.auto.commit", "false"},  /* positions stand in the views */
	{"enable.auto.offset.store", "false"},
	{"allow.auto.create.topics", "false"},
	{"check.crcs", "true"},
	/* we use no transactions: with read_committed a stranger's open one would stop everybody */
	{"isolation.level", "read_uncommitted"},
	{"queued.max.messages.kbytes", "16384"},
	{"fetch.wait.max.ms", "500"},
	{"fetch.error.backoff.ms", "200"},
};

static enum ward_rc
put(rd_kafka_conf_t *conf, const char *name, const char *value, char why[WARD_KAFKA_WHY])
{
	char detail[256] = "";

	if (rd_kafka_conf_set(conf, name, value, detail, sizeof(detail)) == RD_KAFKA_CONF_OK)
		return WARD_OK;
	/* `detail` may quote the value, which may be secret */
	(void)snprintf(why, WARD_KAFKA_WHY, "librdkafka does not take this %s", name);
	return WARD_E_INVAL;
}

static enum ward_rc
put_all(rd_kafka_conf_t *conf, const struct setting *settings, size_t count,
	char why[WARD_KAFKA_WHY])
{
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < count && !rc; i++)
		rc = put(conf, settings[i].name, settings[i].value, why);
	return rc;
}

/* --- TLS and passwords --- */

static enum ward_rc
read_secret(const char *path, struct ward_buf *into, char why[WARD_KAFKA_WHY])
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_fd_stat stat;
	enum ward_rc rc = ward_fd_open_regular(-1, path, true, &fd, &stat);

	if (!rc && (stat.mode & 07) != 0)
		rc = WARD_E_PERM;
	if (!rc)
		rc = ward_fd_read_all(fd, into);
	if (rc)
		(void)snprintf(why, WARD_KAFKA_WHY, "%s: %s", path,
			       rc == WARD_E_PERM ? "not readable, or readable for everybody"
						 : ward_rc_str(rc));
	return rc;
}

static enum ward_rc
put_password(rd_kafka_conf_t *conf, const char *path, char why[WARD_KAFKA_WHY])
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	struct ward_span rest, line;
	char password[SECRET_MAX + 1] = "";
	enum ward_rc rc;

	ward_buf_init(&text, SECRET_MAX, NULL);
	rc = read_secret(path, &text, why);
	rest = ward_buf_span(&text);
	if (!rc && ward_text_split(&rest, '\n', &line)) {
		memcpy(password, line.data, line.len);
		rc = put(conf, "sasl.password", password, why);
	}
	explicit_bzero(password, sizeof(password));
	if (text.data)
		explicit_bzero(text.data, text.len);
	return rc;
}

static enum ward_rc
put_security(rd_kafka_conf_t *conf, const struct ward_log_kafka_options *o,
	     char why[WARD_KAFKA_WHY])
{
	const struct setting files[] = {
		{"security.protocol", o->mechanism ? "sasl_ssl" : "ssl"},
		{"ssl.endpoint.identification.algorithm", "https"},
		{"ssl.ca.location", o->ca},
		{"ssl.certificate.location", o->certificate},
		{"ssl.key.location", o->key},
		{"sasl.mechanism", o->mechanism},
		{"sasl.username", o->mechanism ? o->user : NULL},
	};
	enum ward_rc rc = WARD_OK;

	if (!o->tls)
		return WARD_OK;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && !rc; i++)
		if (files[i].value)
			rc = put(conf, files[i].name, files[i].value, why);
	if (!rc && o->mechanism)
		rc = put_password(conf, o->password_file, why);
	return rc;
}

/* --- what librdkafka says --- */

static void
on_error(rd_kafka_t *client, int error, const char *reason, void *opaque)
{
	struct ward_kafka_log *log = opaque;

	if (error == RD_KAFKA_RESP_ERR__FATAL && rd_kafka_type(client) == RD_KAFKA_PRODUCER)
		atomic_store(&log->fatal, true);
	pthread_mutex_lock(&log->lock);
	if (error != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || !log->trouble[0])
		(void)snprintf(log->trouble, sizeof(log->trouble), "%s", reason);
	pthread_mutex_unlock(&log->lock);
}

enum ward_rc
ward_kafka_rc(rd_kafka_resp_err_t error)
{
	switch ((int)error) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		return WARD_OK;
	case RD_KAFKA_RESP_ERR__QUEUE_FULL:
		return WARD_E_LIMIT;
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
	case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
	case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
	case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
		return WARD_E_TIMEOUT;
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR__SSL:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
		return WARD_E_PERM;
	case RD_KAFKA_RESP_ERR__BAD_MSG:
	case RD_KAFKA_RESP_ERR_INVALID_MSG:
		return WARD_E_FORMAT;
	default:
		return WARD_E_IO;
	}
}

/* --- clients --- */

static enum ward_rc
configure(rd_kafka_conf_t *conf, const struct ward_kafka_log *log, bool producer,
	  char why[WARD_KAFKA_WHY])
{
	char ack[NUMBER];
	enum ward_rc rc = put_all(conf, of_all, sizeof(of_all) / sizeof(of_all[0]), why);

	(void)snprintf(ack, sizeof(ack), "%u", log->o.ack_ms);
	if (!rc)
		rc = put(conf, "bootstrap.servers", log->o.brokers, why);
	if (!rc && producer)
		rc = put_all(conf, of_producers, sizeof(of_producers) / sizeof(of_producers[0]),
			     why);
	if (!rc && producer)
		rc = put(conf, "message.timeout.ms", ack, why);
	if (!rc && !producer)
		rc = put_all(conf, of_consumers, sizeof(of_consumers) / sizeof(of_consumers[0]),
			     why);
	return rc ? rc : put_security(conf, &log->o, why);
}

enum ward_rc
ward_kafka_client(struct ward_kafka_log *log,
		  void (*delivered)(rd_kafka_t *, const rd_kafka_message_t *, void *),
		  rd_kafka_t **ret, char why[WARD_KAFKA_WHY])
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	enum ward_rc rc = configure(conf, log, delivered != NULL, why);
	rd_kafka_t *client;

	rd_kafka_conf_set_opaque(conf, log);
	rd_kafka_conf_set_log_cb(conf, NULL);
	rd_kafka_conf_set_error_cb(conf, on_error);
	if (delivered)
		rd_kafka_conf_set_dr_msg_cb(conf, delivered);
	if (rc) {
		rd_kafka_conf_destroy(conf);
		return rc;
	}
	client = rd_kafka_new(delivered ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf, why,
			      WARD_KAFKA_WHY);
	if (!client) { /* the configuration stays ours */
		rd_kafka_conf_destroy(conf);
		return WARD_E_INVAL;
	}
	*ret = client;
	return WARD_OK;
}
