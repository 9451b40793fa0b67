/* sign_token.c - a private key that stays in a token or an HSM (PKCS #11): through OpenSSL's engine `pkcs11`, or a provider of that name.
 *
 * Guarantees that the PIN comes from a file or the terminal, never from the address, which others could read in the list of processes. The engine is
 * asked first, because Debian 12 has no provider; engines are deprecated and end with OpenSSL 3, so the provider is there for what follows.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "feed/sign_parts.h"

#include "base/os.h"
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/opensslconf.h>
#ifndef OPENSSL_NO_ENGINE
#include <openssl/engine.h>
#endif
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <string.h>

enum { MAX_PIN = 256 };

static int missing(struct sg_err *err)
{
	ERR_clear_error();
#ifdef OPENSSL_NO_ENGINE
	return sg_fail(err, SG_EUNSUPPORTED,
	        "a key in a token needs OpenSSL's engines, and this build has none: it takes keys from files "
	        "alone; sign with a token on Linux");
#else
	return sg_fail(err, SG_EUNSUPPORTED,
	        "a key in a token needs OpenSSL's PKCS #11 engine, and this machine has none: install "
	        "libengine-pkcs11-openssl (or "
	        "the provider pkcs11-provider) and the token's own module");
#endif
}

#ifndef OPENSSL_NO_ENGINE

static void close_engine(void *token)
{
	ENGINE_finish(token);
	ENGINE_free(token);
}

static ENGINE *find_engine(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_ENGINE_ALL_BUILTIN | OPENSSL_INIT_LOAD_CONFIG, NULL);
	return ENGINE_by_id("pkcs11");
}

static int open_engine(
        ENGINE *e, const struct sg_sign_source *source, struct sg_sign_key *ret, struct sg_err *err)
{
	struct sg_sign_secret secret = {
		.file = source->password_file, .what = "the token (its PIN)", .err = err
	};
	char pin[MAX_PIN] = "";
	struct sg_file_id id;
	int r = 0;

	ENGINE_ctrl_cmd_string(e, "QUIET", NULL, 0); /* its own words go to stderr by default */
	if (source->module)
		r = sg_os_stat(source->module, &id, err);
	if (!r && source->module && !ENGINE_ctrl_cmd_string(e, "MODULE_PATH", source->module, 0))
		r = sg_sign_fail(err, SG_EINVAL, "%s cannot be used as PKCS #11 module", source->module);
	if (!r && !ENGINE_init(e))
		r = sg_sign_fail(err, SG_ENOENT,
		        "the PKCS #11 module cannot be loaded (%s): name the token's own with --module FILE",
		        source->module ? source->module : "the engine's default");
	if (r) {
		ENGINE_free(e);
		return r;
	}
	ret->close = close_engine; /* from here on the key's owner closes it */
	ret->token = e;
	if (sg_sign_secret_read(&secret, pin, sizeof pin) < 0)
		return err ? err->code : SG_EINVAL;
	if (!ENGINE_ctrl_cmd_string(e, "PIN", pin, 0))
		r = sg_sign_fail(err, SG_EIO, "the token takes no PIN");
	OPENSSL_cleanse(pin, sizeof pin);
	if (!r)
		ret->key = ENGINE_load_private_key(e, source->key, NULL, NULL);
	if (!r && !ret->key)
		r = sg_sign_fail(err, SG_ENOENT,
		        "no private key is found at %.200s: is the token there, is the module right "
		        "(--module FILE), and the PIN? "
		        "\"p11tool --list-keys --login\" shows addresses",
		        source->key);
	return r;
}

#endif

/* --- the provider */

static void close_provider(void *token)
{
	OSSL_PROVIDER_unload(token);
}

static int open_provider(OSSL_PROVIDER *provider, const struct sg_sign_source *source,
        struct sg_sign_key *ret, struct sg_err *err)
{
	struct sg_sign_secret secret = {
		.file = source->password_file, .what = "the token (its PIN)", .err = err
	};
	char pin[MAX_PIN] = "", *uri;
	OSSL_STORE_CTX *store;

	ret->close = close_provider;
	ret->token = provider;
	if (source->module)
		return sg_fail(err, SG_EUNSUPPORTED,
		        "--module goes with OpenSSL's engine; the provider takes the module from OpenSSL's "
		        "configuration "
		        "(pkcs11-module-path)");
	if (sg_sign_secret_read(&secret, pin, sizeof pin) < 0)
		return err ? err->code : SG_EINVAL;
	/* in memory only: the provider takes it from the address */
	struct sg_buf with_pin = { 0 };

	sg_buf_fmt(&with_pin, "%s%cpin-value=", source->key, strchr(source->key, '?') ? '&' : '?');
	for (const char *p = pin; *p; p++)
		sg_buf_fmt(&with_pin, "%%%02X", (unsigned)(unsigned char)*p);
	OPENSSL_cleanse(pin, sizeof pin);
	uri = (char *)with_pin.data;
	store = OSSL_STORE_open(uri, NULL, NULL, NULL, NULL);
	while (store && !ret->key && !OSSL_STORE_eof(store)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (info && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			ret->key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	OSSL_STORE_close(store);
	OPENSSL_cleanse(with_pin.data, with_pin.cap);
	sg_buf_release(&with_pin);
	if (ret->key)
		return 0;
	return sg_sign_fail(err, SG_ENOENT,
	        "no private key is found at %.200s: is the token there, and the PIN right?", source->key);
}

int sg_sign_token_open(const struct sg_sign_source *source, struct sg_sign_key *ret, struct sg_err *err)
{
	OSSL_PROVIDER *provider;

	if (strstr(source->key, "pin-value="))
		return sg_fail(err, SG_EINVAL,
		        "a PIN has no place in an address on the command line, where others can read it: "
		        "leave pin-value out; "
		        "--password-file FILE names a file that holds it");
#ifndef OPENSSL_NO_ENGINE
	ENGINE *e = find_engine();

	if (e)
		return open_engine(e, source, ret, err);
#endif
	provider = OSSL_PROVIDER_try_load(NULL, "pkcs11", 1);
	return provider ? open_provider(provider, source, ret, err) : missing(err);
}
