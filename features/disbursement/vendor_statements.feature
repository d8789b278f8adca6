Feature: A vendor's bill is paid as far as it matches what we booked

  Scenario Outline: Only exactly the booked price is paid
    Given a ticketed seat that the airline bills
    When Ben takes in the airline's bill for <price>
    Then the line is <outcome>

    Examples:
      | price                           | outcome            |
      | exactly the booked price        | ready to be paid   |
      | one cent over the booked price  | a case for finance |

  Scenario: One person writes the bill down, another verifies it
    Given a ticketed seat that the airline bills
    When Ben takes in the airline's bill for exactly the booked price
    And Ben writes its matching lines down as paid
    Then Ben cannot verify the bill himself
    When Carla verifies the bill
    Then its price, and no more, is paid
