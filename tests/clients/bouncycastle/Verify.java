import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import java.security.cert.*;
import java.util.*;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.ocsp.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.tsp.*;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;

/** Verifies with BouncyCastle what Yima has issued, three lines for each folder: chain-0.der (leaf) … chain-N.der (root), list-*.crl, answer.ocsp, request.csr; a fourth where there is stamp.tsq with stamp.tsr, and one for each message-*.p7. */
public class Verify {
    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        for (String folder : arguments) {
            verify(Path.of(folder));
        }
    }

    private static void verify(Path folder) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509", "BC");
        List<X509Certificate> chain = new ArrayList<>();
        for (int i = 0; Files.exists(folder.resolve("chain-" + i + ".der")); i++) {
            chain.add((X509Certificate) factory.generateCertificate(read(folder, "chain-" + i + ".der")));
        }
        X509Certificate root = chain.remove(chain.size() - 1);
        List<Object> found = new ArrayList<>(chain);
        for (int i = 0; Files.exists(folder.resolve("list-" + i + ".crl")); i++) {
            found.add(factory.generateCRL(read(folder, "list-" + i + ".crl")));
        }
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(found), "BC"));
        parameters.setRevocationEnabled(true);
        try {
            CertPathValidator.getInstance("PKIX", "BC").validate(factory.generateCertPath(chain), parameters);
            System.out.println("path: good");
        } catch (CertPathValidatorException refused) {
            System.out.println("path: " + refused.getMessage());
        }
        BasicOCSPResp answer = (BasicOCSPResp) new OCSPResp(Files.readAllBytes(folder.resolve("answer.ocsp"))).getResponseObject();
        X509CertificateHolder responder = answer.getCerts()[0];
        JcaContentVerifierProviderBuilder verifier = new JcaContentVerifierProviderBuilder().setProvider("BC");
        boolean signed = answer.isSignatureValid(verifier.build(responder));
        boolean named = responder.isSignatureValid(verifier.build(chain.get(1)));
        CertificateStatus status = answer.getResponses()[0].getCertStatus();
        System.out.println("answer: " + (signed && named ? status == CertificateStatus.GOOD ? "good" : "revoked" : "not signed"));
        PKCS10CertificationRequest request = new PKCS10CertificationRequest(Files.readAllBytes(folder.resolve("request.csr")));
        boolean possessed = request.isSignatureValid(verifier.build(request.getSubjectPublicKeyInfo()));
        System.out.println("request: " + (possessed ? "good" : "not signed"));
        if (Files.exists(folder.resolve("stamp.tsr"))) {
            TimeStampResponse stamp = new TimeStampResponse(Files.readAllBytes(folder.resolve("stamp.tsr")));
            stamp.validate(new TimeStampRequest(Files.readAllBytes(folder.resolve("stamp.tsq"))));
            TimeStampToken token = stamp.getTimeStampToken();
            X509CertificateHolder stamper = (X509CertificateHolder) token.getCertificates().getMatches(token.getSID()).iterator().next();
            token.validate(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(stamper));
            System.out.println("stamp: good");
        }
        for (int i = 0; Files.exists(folder.resolve("message-" + i + ".p7")); i++) {
            message(Files.readAllBytes(folder.resolve("message-" + i + ".p7")));
        }
    }

    private static void message(byte[] der) throws Exception {
        CMSSignedData message = new CMSSignedData(der);
        for (SignerInformation signer : message.getSignerInfos()) {
            X509CertificateHolder of = (X509CertificateHolder) message.getCertificates().getMatches(signer.getSID()).iterator().next();
            boolean good = signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(of));
            System.out.println("message: " + (good ? "good" : "not signed") + " " + message.getSignedContentTypeOID());
        }
    }

    private static ByteArrayInputStream read(Path folder, String name) throws Exception {
        return new ByteArrayInputStream(Files.readAllBytes(folder.resolve(name)));
    }
}
