// The other side of the tests of signed and enveloped messages: github.com/emmansun/gmsm, an implementation of the national
// algorithms in Go that shares nothing with ours. Says what it found on one line; ends with 1 for what it refuses.
package main

import (
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"os"
	"time"

	"github.com/emmansun/gmsm/pkcs"
	"github.com/emmansun/gmsm/pkcs7"
	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(name string) []byte {
	data, err := os.ReadFile(name)
	check(err)
	return data
}

func certificate(name string) *smx509.Certificate {
	found, err := smx509.ParseCertificate(read(name))
	check(err)
	return found
}

func certificates(names []string) (found []*smx509.Certificate) {
	for _, name := range names {
		found = append(found, certificate(name))
	}
	return
}

func key(text string) *sm2.PrivateKey {
	scalar, err := hex.DecodeString(text)
	check(err)
	found, err := sm2.NewPrivateKey(scalar)
	check(err)
	return found
}

func pool(certificates []*smx509.Certificate) *smx509.CertPool {
	found := smx509.NewCertPool()
	for _, one := range certificates {
		found.AddCert(one)
	}
	return found
}

// sign attached|detached|bare KEY DOCUMENT MESSAGE CERTIFICATE [ABOVE...]
func sign(how string, scalar string, document string, message string, chain []*smx509.Certificate) {
	data, err := pkcs7.NewSMSignedData(read(document))
	check(err)
	if how == "bare" {
		check(data.SignWithoutAttr(chain[0], key(scalar), pkcs7.SignerInfoConfig{}))
	} else {
		check(data.AddSignerChain(chain[0], key(scalar), chain[1:], pkcs7.SignerInfoConfig{}))
	}
	if how == "detached" {
		data.Detach()
	}
	signed, err := data.Finish()
	check(err)
	check(os.WriteFile(message, signed, 0o600))
}

// twice KEY1 CERTIFICATE1 KEY2 CERTIFICATE2 DOCUMENT MESSAGE
func twice(arguments []string) {
	data, err := pkcs7.NewSMSignedData(read(arguments[4]))
	check(err)
	for _, at := range []int{0, 2} {
		check(data.AddSigner(certificate(arguments[at+1]), key(arguments[at]), pkcs7.SignerInfoConfig{}))
	}
	signed, err := data.Finish()
	check(err)
	check(os.WriteFile(arguments[5], signed, 0o600))
}

// verify MESSAGE ROOT [DOCUMENT]
func verify(arguments []string) {
	message, err := pkcs7.Parse(read(arguments[0]))
	check(err)
	if len(arguments) > 2 {
		message.Content = read(arguments[2])
	}
	now := time.Now()
	check(message.VerifyWithChainAtTime(pool(certificates(arguments[1:2])), &now))
	fmt.Printf("good: %d of %s\n", len(message.Signers), hex.EncodeToString(message.Content))
}

// encrypt DOCUMENT MESSAGE CERTIFICATE...
func encrypt(arguments []string) {
	message, err := pkcs7.EncryptSM(pkcs.SM4CBC, read(arguments[0]), certificates(arguments[2:]))
	check(err)
	check(os.WriteFile(arguments[1], message, 0o600))
}

// open MESSAGE CERTIFICATE KEY
func open(arguments []string) {
	message, err := pkcs7.Parse(read(arguments[0]))
	check(err)
	content, err := message.Decrypt(certificate(arguments[1]), key(arguments[2]))
	check(err)
	fmt.Println(hex.EncodeToString(content))
}

// chain ROOT LEAF [BETWEEN...]
func chain(found []*smx509.Certificate) {
	_, err := found[1].Verify(smx509.VerifyOptions{
		Roots:         pool(found[:1]),
		Intermediates: pool(found[2:]),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	check(err)
	fmt.Println("good")
}

// request CSR
func request(name string) {
	found, err := smx509.ParseCertificateRequest(read(name))
	check(err)
	check(found.CheckSignature())
	fmt.Println("good")
}

// raw CERTIFICATE DOCUMENT SIGNATURE
func raw(arguments []string) {
	check(certificate(arguments[0]).CheckSignature(smx509.SM2WithSM3, read(arguments[1]), read(arguments[2])))
	fmt.Println("good")
}

func main() {
	verb, rest := os.Args[1], os.Args[2:]
	switch verb {
	case "sign":
		sign(rest[0], rest[1], rest[2], rest[3], certificates(rest[4:]))
	case "twice":
		twice(rest)
	case "verify":
		verify(rest)
	case "encrypt":
		encrypt(rest)
	case "open":
		open(rest)
	case "chain":
		chain(certificates(rest))
	case "request":
		request(rest[0])
	case "raw":
		raw(rest)
	default:
		fmt.Fprintln(os.Stderr, "unknown verb")
		os.Exit(2)
	}
}
