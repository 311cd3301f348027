import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import java.security.cert.*;
import java.time.Instant;
import java.util.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/** Judges paths with BouncyCastle's PKIX validator at one moment: arguments are the moment, the root, and folders of chain-0.der (leaf) … chain-N.der; a line for each folder says accepts or refuses. */
public class Judge {
    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        CertificateFactory factory = CertificateFactory.getInstance("X.509", "BC");
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(read(factory, Path.of(arguments[1])), null)));
        parameters.setRevocationEnabled(false);
        parameters.setDate(Date.from(Instant.parse(arguments[0])));
        for (int n = 2; n < arguments.length; n++) {
            try {
                List<X509Certificate> chain = new ArrayList<>();
                for (int i = 0; Files.exists(Path.of(arguments[n], "chain-" + i + ".der")); i++) {
                    chain.add(read(factory, Path.of(arguments[n], "chain-" + i + ".der")));
                }
                CertPathValidator.getInstance("PKIX", "BC").validate(factory.generateCertPath(chain), parameters);
                System.out.println("accepts");
            } catch (CertificateException | CertPathValidatorException | RuntimeException refused) {
                System.out.println("refuses");
            }
        }
    }

    private static X509Certificate read(CertificateFactory factory, Path path) throws Exception {
        ByteArrayInputStream stream = new ByteArrayInputStream(Files.readAllBytes(path));
        X509Certificate found = (X509Certificate) factory.generateCertificate(stream);
        if (found == null || stream.available() > 0) {
            throw new CertificateException("not one certificate");
        }
        return found;
    }
}
